import { unique } from '../unique.ts'

/** Builds a body that connects DHL eCommerce; the API key is the account that minting is limited by, so each gets its own. */
export const dhlBody = (changes: object = {}) => ({
  ...{ nickname: 'DHL', client_id: 'c', username: 'u', password: 'p', distribution_center: 'USATL1' },
  ...{ pickup_number: unique('5'), api_key: unique('key'), api_secret: unique('secret'), ...changes },
})
