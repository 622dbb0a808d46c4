import { connectedNameOf } from '../../catalog/carrier-code.ts'
import type { LtlCarrier, Manifest, ParcelCarrier } from '../../catalog/define.ts'
import type { Advice } from '../../connections/verification/advice.ts'
import type { Listed } from '../../connections/list.ts'
import type { Notice } from '../../connections/request/notices.ts'

/** A connection in the published carrier object, every member there. */
export function carrierObject({ connection, carrier }: Listed<ParcelCarrier>) {
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

/** The services of a connection, as published. */
export function serviceObjects({ connection, carrier }: Listed<ParcelCarrier>) {
  return carrier.services.map(({ service_code, name, ...reach }) => ({
    carrier_id: connection.carrier_id,
    carrier_code: carrier.name,
    service_code,
    name,
    ...reach,
  }))
}

/** The package types of a carrier, as published; a carrier's own packages have no id and no dimensions. */
export function packageObjects(carrier: ParcelCarrier) {
  return carrier.packages.map(({ package_code, name, description }) => ({
    package_id: null,
    package_code,
    name,
    description,
  }))
}

/** An LTL connection in the published element, its keys in the published order. */
export function ltlCarrierObject({ connection, carrier }: Listed<LtlCarrier>) {
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

/** What an LTL carrier asks for by its public list, sorted by name; a sandbox carrier asks for nothing. */
export function ltlRequirements(carrier: LtlCarrier): { name: string; title: string; type: string }[] {
  if (carrier.demands === 'none') return []
  return Object.entries(carrier.credentials)
    .filter(([, field]) => !field.extension)
    .map(([name, field]) => ({ name, title: field.label, type: field.type }))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
}

/** A whole LTL carrier, as the OpenAPI spelling of connect answers it. */
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

/** What is known of a connection's credentials, in plain language. */
export function healthObject(
  connection: Pick<Listed['connection'], 'state' | 'state_since' | 'created_at' | 'checked_at'>,
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

/** Whether labels of a carrier have to stand on a manifest, and the public page that says so. */
export const manifestNeedObject = ({ requirement, source }: Manifest) => ({
  requirement,
  source: source ?? null,
})

/** The entity tag of a connection's version. */
export const etag = (version: number): string => `"v${version}"`

/** Notices as header lines: a code, and where they apply a field and an id; never a value. */
export function noticeHeaders(notices: readonly Notice[]): string[] {
  return notices.map(({ code, field, carrierId }) =>
    [code, ...(field ? [`field=${field}`] : []), ...(carrierId ? [`carrier_id=${carrierId}`] : [])].join(
      '; ',
    ),
  )
}
