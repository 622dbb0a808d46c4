/** These bodies connect, one for each carrier that the public update page names. */
export const connectBodies = {
  stamps_com: { nickname: 'Postage', username: 'user-1', password: 'pass-1' },
  ups: {
    nickname: 'Brown',
    account_number: 'A1B2C3',
    account_postal_code: '78701',
    account_country_code: 'US',
  },
  chronopost: { nickname: 'Chrono', account_number: '19869502', password: '255562' },
  colissimo: { nickname: 'Coli', username: 'contract-1', password: 'pass-1' },
  endicia: { nickname: 'Endi', account: '900001', passphrase: 'a phrase' },
  mondial_relay: { nickname: 'Relais', api_key: 'private-key-1', enseigne: 'BDTEST13' },
  dhl_express: { nickname: 'DHL', account_number: '803921577' },
  fedex: {
    account_number: '510087143',
    address1: '1 Main St',
    city: 'Austin',
    country_code: 'US',
    email: 'ship@example.com',
    first_name: 'Ann',
    last_name: 'Example',
    phone: '5125550100',
    postal_code: '78701',
    state: 'TX',
    nickname: 'Purple',
    agree_to_eula: true,
  },
} as const
