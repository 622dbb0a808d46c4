import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Fields } from './define.ts'
import { findCarrier } from './find-carrier.ts'

/** `published` has the tables of the public page "Update a Carrier Connection": a line gives the name and the type of a field, whether the field is required, its shortest and longest length or its values, and whether a country code is letters. */
const published: Record<string, string> = {
  chronopost: `
    nickname string required
    account_number string required
    password string required
    injection_address_heading object
    injection_address_heading.title string ..13
    injection_address_heading.name string ..100
    injection_address_heading.company string ..100
    injection_address_heading.address1 string ..38
    injection_address_heading.address2 string ..38
    injection_address_heading.city string ..50
    injection_address_heading.postal_code string ..9
    injection_address_heading.country string ..2
    injection_address_heading.contact_name string ..100
    injection_address_heading.email string ..80
    injection_address_heading.phone string ..17`,
  colissimo: `
    nickname string required
    username string required
    password string required`,
  endicia: `
    nickname string required
    account string required
    passphrase string required`,
  mondial_relay: `
    nickname string required
    api_key string required 8..
    enseigne string required`,
  stamps_com: `
    nickname string required
    username string required
    password string required`,
  ups: `
    nickname string required
    is_primary_account boolean
    pickup_type string daily_pickup|occasional_pickup|customer_counter
    use_carbon_neutral_shipping_program boolean
    use_ground_freight_pricing boolean
    use_consolidation_services boolean
    use_order_number_on_mail_innovations_labels boolean
    mail_innovations_endorsement string return_service_requested|forwarding_service_requested|address_service_requested|change_service_requested|leave_if_no_response
    mail_innovations_cost_center string
    use_negotiated_rates boolean
    account_postal_code string required
    invoice string
    mail_innovations_customer_id string
    mail_innovations_customer_guid string
    account_country_code string required 2..2 ^[A-Za-z]*$
    account_number string`,
}

/** Describes a form in the words of the tables; the limit of a nickname, which no table gives, is left out. */
const describe = (fields: Fields, prefix = ''): string[] =>
  Object.entries(fields).flatMap(([name, field]) => {
    const { minLength = '', maxLength = '', ...text } = field.type === 'string' ? field : {}
    const limited = (minLength !== '' || maxLength !== '') && name !== 'nickname'
    const words = [
      `${prefix}${name}`,
      field.type,
      ...(field.required ? ['required'] : []),
      ...(limited ? [`${minLength}..${maxLength}`] : []),
      ...('enum' in text && text.enum ? [text.enum.join('|')] : []),
      ...('format' in text && text.format ? [text.format] : []),
      ...('pattern' in text && text.pattern ? [text.pattern] : []),
    ]
    return [words.join(' '), ...(field.type === 'object' ? describe(field.members, `${name}.`) : [])]
  })

const lines = (table: string) => table.trim().split(/\n\s*/)

for (const [name, table] of Object.entries(published)) {
  test(`the update form of ${name} is its published table to the letter`, () => {
    assert.deepEqual(describe(findCarrier(name)?.update ?? {}), lines(table))
  })
}
