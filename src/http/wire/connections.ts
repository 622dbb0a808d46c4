import { connectedNameOf } from '../../catalog/carrier-code.ts'
import type { LtlCarrier, ManifestNeed, ParcelCarrier } from '../../catalog/define.ts'
import type { Advice } from '../../connections/verification/advice.ts'
import type { ListedCarrier } from '../../connections/list-carriers.ts'
import type { FoundConnection } from '../../connections/search.ts'
import type { Notice } from '../../connections/request/notices.ts'

/** Returns a connection as the published carrier object, with every member. */
export function carrierObject({ connection, carrier }: ListedCarrier<ParcelCarrier>) {
  return {
    carrier_id: connection.carrier_id,
    carrier_code: carrier.name,
    account_number: connection.account_number,
    requires_funded_amount: carrier.traits.requires_funded_amount,
    balance: 0,
    nickname: connection.nickname,
    friendly_name: carrier.title,
    funding_source_id: null,
    primary: connection.is_primary === 1,
    has_multi_package_supporting_services: carrier.traits.has_multi_package_supporting_services,
    allows_returns: carrier.traits.allows_returns,
    supports_label_messages: carrier.traits.supports_label_messages,
    disabled_by_billing_plan: false,
    services: serviceObjects({ connection, carrier }),
    packages: packageObjects(carrier),
    options: carrier.options,
    send_rates: carrier.traits.send_rates,
    supports_user_managed_rates: carrier.traits.supports_user_managed_rates,
    connection_status: connection.connection_status,
  }
}

/** Returns the services of a connection in the published shape. */
export function serviceObjects({ connection, carrier }: ListedCarrier<ParcelCarrier>) {
  return carrier.services.map(({ service_code, name, ...reach }) => ({
    carrier_id: connection.carrier_id,
    carrier_code: carrier.name,
    service_code,
    name,
    ...reach,
  }))
}

/** Returns the package types of a carrier in the published shape; a carrier's own packages have no id and no dimensions. */
export function packageObjects(carrier: ParcelCarrier) {
  return carrier.packages.map(({ package_code, name, description }) => ({
    package_id: null,
    package_code,
    name,
    description,
  }))
}

/** Returns an LTL connection in the published shape, with its members in the published order. */
export function ltlCarrierObject({ connection, carrier }: ListedCarrier<LtlCarrier>) {
  return {
    carrier_id: connection.carrier_id,
    countries: carrier.countries ?? [],
    credential_requirements: Object.fromEntries(
      ltlRequirements(carrier).map(({ name, title, type }) => [name, { title, type }]),
    ),
    document_types: carrier.documentTypes,
    features: carrier.features,
    name: carrier.title,
    options: carrier.options,
    packages: carrier.packages,
    scac: connectedNameOf(carrier, connection.scac),
    services: carrier.services,
  }
}

/** Returns the fields that an LTL carrier asks for by its public list, sorted by name; a sandbox carrier asks for none. */
export function ltlRequirements(carrier: LtlCarrier): { name: string; title: string; type: string }[] {
  if (carrier.demands === 'none') return []
  return Object.entries(carrier.credentials)
    .filter(([, field]) => !field.extension)
    .map(([name, field]) => ({ name, title: field.label, type: field.type }))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
}

/** Returns a whole LTL carrier in the shape that the connect of the published OpenAPI document answers. */
export function ltlConnectedObject(carrierId: string, carrier: LtlCarrier) {
  const codes = (list: readonly { code: string; name: string }[]) =>
    list.map(({ code, name }) => ({ code, name }))
  return {
    carrier_id: carrierId,
    name: carrier.title,
    countries: carrier.countries ?? [],
    features: carrier.features,
    options: codes(carrier.options),
    packages: codes(carrier.packages),
  }
}

/** Returns the state of a connection's credentials, with a diagnosis and a next step in plain language. */
export function healthObject(
  connection: Pick<ListedCarrier['connection'], 'state' | 'state_since' | 'created_at' | 'checked_at'>,
  { diagnosis, nextStep }: Advice,
) {
  const { state, state_since, created_at, checked_at } = connection
  return {
    state,
    state_since: state_since ?? created_at,
    checked_at,
    diagnosis,
    next_step: nextStep,
  }
}

/** Returns whether a carrier requires manifests, and the public page that says so. */
export const manifestNeedObject = ({ requirement, source }: ManifestNeed) => ({
  requirement,
  source: source ?? null,
})

/** Returns the entity tag of a connection's version. */
export const etag = (version: number): string => `"v${version}"`

/** Returns one header line for each notice: the code of the notice, and its field and its id where the notice has them; a line never has the value of a field. */
export function noticeHeaders(notices: readonly Notice[]): string[] {
  return notices.map(({ code, field, carrierId }) =>
    [code, ...(field ? [`field=${field}`] : []), ...(carrierId ? [`carrier_id=${carrierId}`] : [])].join(
      '; ',
    ),
  )
}

/** Returns a connection that a search found, as a page of the list shows it. */
export const foundObject = ({ connection, carrier, advice, unverified, account }: FoundConnection) => ({
  carrier_id: connection.carrier_id,
  mode: connection.mode,
  carrier: connectedNameOf(carrier, connection.scac),
  nickname: connection.nickname,
  account_number: connection.account_number,
  connection_status: connection.connection_status,
  ...healthObject(connection, advice),
  unverified: unverified ?? null,
  account: account
    ? {
        account_id: account.tenant_id,
        external_account_id: account.external_account_id,
        company_name: account.company_name,
        active: account.active === 1,
      }
    : null,
  version: connection.version,
  credentials_version: connection.credentials_version,
  created_at: connection.created_at,
  updated_at: connection.updated_at,
})
