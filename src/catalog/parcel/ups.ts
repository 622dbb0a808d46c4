import { option, parcel, service } from '../codes.ts'
import { defineCarrier } from '../define.ts'
import {
  ENDORSEMENTS,
  choice,
  countryCode,
  flag,
  group,
  identifier,
  nickname,
  optional,
  primary,
  secret,
  text,
} from '../fields.ts'
import { basicAuth } from '../recipes/basic-auth.ts'
import { codeSignIn } from '../recipes/code-sign-in.ts'
import { operatorAccount } from '../recipes/operator-account.ts'
import { all, code, either, fact, inFormat, minted, refusal, rule, says, status } from '../recipes/rules.ts'
import { REFRESH_TOKEN } from '../sign-in.ts'
import type { Material } from '../verification.ts'

const ABROAD = ['international', 'multiPackage', 'returns'] as const
const OAUTH = 'https://onlinetools.ups.com/security/v1/oauth'
const SUCCEEDED = fact('RateResponse.Response.ResponseStatus.Code', (answer) => answer === '1')

/** What every token call of UPS answers, and its refusals that blame the operator's app whoever is asked about. */
const GRANT = { token: ['access_token'], lifetime: 'expires_in', codes: ['response.errors[].code'] }
const APP_RULES = [
  rule(code('10401', '250002'), 'platform_misconfigured', 'UPS does not know the operator’s own app.'),
  rule(all(status(403), inFormat), 'platform_misconfigured', 'UPS has blocked the operator’s own app.'),
  rule(code('10429'), 'rate_limited', 'UPS asks to wait.'),
  rule(code('250003'), 'inconclusive', 'UPS does not offer its API at this address.'),
]
const appAuth = ({ operator }: Material) => ({
  authorization: basicAuth(operator.ups_client_id, operator.ups_client_secret),
})

const USES = { needs: ['account_number'], uses: ['account_postal_code', 'account_country_code'] }
const RATE = {
  url: 'https://onlinetools.ups.com/api/rating/v2409/Rate',
  headers: ({ token, requestId }: Material) => ({
    authorization: `Bearer ${token?.reveal()}`,
    'content-type': 'application/json',
    transid: requestId,
    transactionsrc: 'hawser',
  }),
  body: ({ values }: Material) => {
    const Address = { PostalCode: values.account_postal_code, CountryCode: values.account_country_code }
    const PackageWeight = { UnitOfMeasurement: { Code: 'LBS' }, Weight: '1' }
    const Shipment = {
      Shipper: { ShipperNumber: String(values.account_number), Address },
      ShipFrom: { Address },
      ShipTo: { Address: { PostalCode: '10001', StateProvinceCode: 'NY', CountryCode: 'US' } },
      Service: { Code: '03' },
      // Without it UPS quotes list prices and has no need of the account.
      ShipmentRatingOptions: { NegotiatedRatesIndicator: 'Y' },
      Package: { PackagingType: { Code: '02' }, PackageWeight },
    }
    return JSON.stringify({ RateRequest: { Request: { RequestOption: 'Rate' }, Shipment } })
  },
  format: 'json' as const,
  codes: ['response.errors[].code'],
  facts: ['RateResponse.Response.ResponseStatus.Code'],
  rules: [
    rule(
      all(status(200), says(/shipper number/)),
      'inconclusive',
      'UPS quotes a price, but with a doubt about the account number.',
    ),
    rule(all(status(200), SUCCEEDED), 'verified', 'UPS quotes a price for this account.'),
    rule(
      all(status(400), either(code('120100'), says(/shipper number/))),
      'not_entitled',
      'UPS does not accept this account number.',
    ),
    rule(code('250002'), 'platform_misconfigured', 'UPS tells the operator’s own app no prices.'),
  ],
}

export default defineCarrier({
  id: 'ups',
  name: 'ups',
  title: 'UPS',
  countries: ['US'],
  docs: 'https://github.com/ShipEngine/shipengine-openapi (connect_ups_request_body)',
  manifest: {
    requirement: 'none',
    source:
      'https://docs.xpsship.com/descartes-xps-webship-knowledge-base/faq/carrier-account-faq-s/do-i-need-to-print-a-ups-end-of-day-form-or-pld-report~7422061287087374078',
  },
  connect: {
    nickname: nickname(),
    account_number: identifier('Account number'),
    account_postal_code: text('Account postal code'),
    account_country_code: countryCode('Account country code'),
  },
  update: {
    nickname: nickname(),
    is_primary_account: primary(),
    pickup_type: optional(choice('Pickup type', ['daily_pickup', 'occasional_pickup', 'customer_counter'])),
    use_carbon_neutral_shipping_program: flag('Carbon neutral shipping'),
    use_ground_freight_pricing: flag('Ground freight pricing'),
    use_consolidation_services: flag('Mail Innovations and Ground Saver'),
    use_order_number_on_mail_innovations_labels: flag('Order number on Mail Innovations labels'),
    mail_innovations_endorsement: optional(choice('Mail Innovations endorsement', ENDORSEMENTS.slice(1))),
    mail_innovations_cost_center: optional(text('Mail Innovations cost center')),
    use_negotiated_rates: flag('Negotiated rates', { latch: true }),
    account_postal_code: text('Account postal code'),
    invoice: optional(text('Invoice')),
    mail_innovations_customer_id: optional(text('Mail Innovations account number')),
    mail_innovations_customer_guid: optional(secret('Mail Innovations rate key')),
    account_country_code: countryCode('Account country code'),
    account_number: optional(identifier('Account number')),
  },
  settings: {
    nickname: optional(nickname()),
    is_primary_account: primary(),
    pickup_type: optional(choice('Pickup type', ['daily_pickup', 'occasional_pickup', 'customer_counter'])),
    use_carbon_neutral_shipping_program: flag('Carbon neutral shipping'),
    use_ground_freight_pricing: flag('Ground freight pricing'),
    use_consolidation_services: flag('Mail Innovations and Ground Saver'),
    use_order_number_on_mail_innovations_labels: flag('Order number on Mail Innovations labels'),
    mail_innovations_endorsement: optional(choice('Mail Innovations endorsement', ENDORSEMENTS)),
    mail_innovations_cost_center: optional(text('Mail Innovations cost center')),
    use_negotiated_rates: flag('Negotiated rates', { latch: true }),
    account_postal_code: optional(text('Account postal code', { minLength: 5 })),
    invoice: group(
      'Invoice',
      {
        invoice_date: optional(text('Invoice date', { format: 'day-or-time' })),
        invoice_number: optional(text('Invoice number', { minLength: 1 })),
        control_id: optional(text('Control id', { minLength: 1, maxLength: 50 })),
        invoice_amount: { type: 'number', label: 'Invoice amount', secret: false, minimum: 0 },
        invoice_currency_code: optional(text('Invoice currency code')),
      },
      { storedAs: 'invoice_details' },
    ),
  },
  verify: operatorAccount({
    source: 'https://github.com/UPS-API/api-documentation (OAuthClientCredentials, Rating)',
    ...USES,
    login: 'account_number',
    operator: ['ups_client_id', 'ups_client_secret'],
    token: {
      url: `${OAUTH}/token`,
      headers: appAuth,
      form: () => ({ grant_type: 'client_credentials' }),
      ...GRANT,
      rules: [rule(all(status(200), minted), 'continue', 'UPS knows the operator’s own app.'), ...APP_RULES],
    },
    account: RATE,
  }),
  signIn: codeSignIn({
    source: 'https://github.com/UPS-API/api-documentation (OAuthAuthCode, Rating; issue 90)',
    operator: ['ups_client_id', 'ups_client_secret'],
    authorize: { url: `${OAUTH}/authorize`, client: (operator) => operator.ups_client_id, pkce: true },
    exchange: {
      url: `${OAUTH}/token`,
      // With PKCE, UPS wants the client id in the form and no client secret at all.
      form: ({ approval, operator }) => ({
        grant_type: 'authorization_code',
        code: approval?.code ?? '',
        redirect_uri: approval?.redirectUri ?? '',
        code_verifier: approval?.verifier ?? '',
        client_id: operator.ups_client_id ?? '',
      }),
      ...GRANT,
      refreshToken: 'refresh_token',
      rules: [
        rule(all(status(200), minted), 'continue', 'UPS has let the merchant in.'),
        ...APP_RULES,
        rule(code('10400'), 'invalid_credentials', 'UPS does not know the code that came back.'),
      ],
    },
    refresh: {
      url: `${OAUTH}/refresh`,
      headers: appAuth,
      form: ({ values }) => ({
        grant_type: 'refresh_token',
        refresh_token: String(values[REFRESH_TOKEN]),
      }),
      ...GRANT,
      refreshToken: 'refresh_token',
      rules: [
        rule(all(status(200), minted), 'continue', 'The sign-in at UPS stands.'),
        rule(
          all(code('10400'), says(/refresh token/)),
          'invalid_credentials',
          'UPS does not take the sign-in any more: sign in again.',
        ),
        ...APP_RULES,
        rule(
          refusal,
          'inconclusive',
          'UPS gives no access token, and does not say that the sign-in has ended.',
        ),
      ],
    },
    account: { ...RATE, ...USES, login: 'account_number' },
  }),
  traits: { has_multi_package_supporting_services: true, supports_label_messages: true },
  services: [
    service('ups_standard_international', 'UPS Standard®', 'international', 'multiPackage'),
    service('ups_next_day_air_early_am', 'UPS Next Day Air® Early', 'domestic', 'multiPackage', 'returns'),
    service('ups_worldwide_express', 'UPS Worldwide Express®', ...ABROAD),
    service('ups_next_day_air', 'UPS Next Day Air®', 'domestic', 'multiPackage', 'returns'),
    service('ups_ground_international', 'UPS Ground® (International)', ...ABROAD),
    service('ups_worldwide_express_plus', 'UPS Worldwide Express Plus®', ...ABROAD),
    service('ups_next_day_air_saver', 'UPS Next Day Air Saver®', 'domestic', 'multiPackage', 'returns'),
    service('ups_worldwide_expedited', 'UPS Worldwide Expedited®', 'international', 'multiPackage'),
    service('ups_2nd_day_air_am', 'UPS 2nd Day Air AM®', 'domestic', 'multiPackage', 'returns'),
    service('ups_2nd_day_air', 'UPS 2nd Day Air®', 'domestic', 'multiPackage', 'returns'),
    service('ups_worldwide_saver', 'UPS Worldwide Saver®', ...ABROAD),
    service('ups_2nd_day_air_international', 'UPS 2nd Day Air® (International)', ...ABROAD),
    service('ups_3_day_select', 'UPS 3 Day Select®', 'both', 'multiPackage', 'returns'),
    service('ups_ground', 'UPS® Ground', 'domestic', 'multiPackage', 'returns'),
    service('ups_next_day_air_international', 'UPS Next Day Air® (International)', ...ABROAD),
    service('ups_express_early_am', 'UPS Express Early A.M. to the U.S.', ...ABROAD),
    service('ups_standard', 'UPS Standard®', 'domestic', 'multiPackage'),
    service('ups_economy_ddp', 'UPS™ Economy DDP', 'international', 'multiPackage'),
    service('ups_economy_ddu', 'UPS™ Economy DDU', 'international', 'multiPackage'),
    service('ups_express', 'UPS Express®', 'domestic', 'multiPackage'),
    service('ups_express_noon', 'UPS Express® 12:00', 'domestic', 'multiPackage'),
    service('ups_express_plus', 'UPS Express Plus®', 'domestic', 'multiPackage'),
    service('ups_express_na1', 'UPS Express (NA1)', 'international', 'multiPackage'),
  ],
  packages: [
    parcel('package', 'Package', 'Length plus girth up to 84"'),
    parcel('ups__express_box_large', 'UPS Express® Box - Large', 'Express box, large'),
    parcel('ups_10_kg_box', 'UPS 10 KG Box®', '10 kg box'),
    parcel('ups_25_kg_box', 'UPS 25 KG Box®', '25 kg box'),
    parcel('ups_express_box', 'UPS Express® Box', 'Express box'),
    parcel('ups_express_box_medium', 'UPS Express® Box - Medium', 'Express box, medium'),
    parcel('ups_express_box_small', 'UPS Express® Box - Small', 'Express box, small'),
    parcel('ups_express_pak', 'UPS Express® Pak', 'Pak'),
    parcel('ups_letter', 'UPS Letter', 'Letter'),
    parcel('ups_tube', 'UPS Tube', 'Tube'),
  ],
  options: [
    option('bill_to_account'),
    option('bill_to_country_code'),
    option('bill_to_party'),
    option('bill_to_postal_code'),
    option('collect_on_delivery'),
    option('contains_alcohol', 'false'),
    option('delivered_duty_paid', 'false'),
    option('dry_ice', 'false'),
    option('dry_ice_weight', '0'),
    option('freight_class'),
    option('non_machinable', 'false'),
    option('saturday_delivery', 'false'),
    option('shipper_release', 'false', 'Driver may leave the parcel without a signature'),
  ],
  codeSources: [
    'https://github.com/ShipEngine/shipengine-js (test/utils/mocks/mock-list-carriers-200.js)',
    'https://github.com/friendlycart/friendly_shipping (spec/cassettes/shipengine/carriers/success.yml)',
    'https://github.com/Sen-tio/unofficial-shipengine (tests/carriers/vcr_cassettes/TestCarriers.test_get_carriers.yaml)',
  ],
})
