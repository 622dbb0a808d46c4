import { defineCarrier } from '../define.ts'
import { count, flag, identifier, nickname, optional, secret, text } from '../fields.ts'

export default defineCarrier({
  id: 'parcelforce_worldwide',
  name: 'parcelforce_worldwide',
  title: 'Parcelforce Worldwide',
  countries: ['GB'],
  docs: 'https://docs.shipstation.com/apis/shipengine/docs/carriers/parcelforce-worldwide-guide',
  manifest: {
    requirement: 'required',
    source: 'https://help.shipstation.com/hc/en-us/articles/43032957368987',
  },
  connect: {
    nickname: nickname(),
    account_number: identifier('Account number'),
    password: secret('Password'),
    sftp_username: optional(text('SFTP username')),
    sftp_password: optional(secret('SFTP password')),
    contract_number: text('Contract number'),
    collection_contract_number: optional(text('Collection contract number')),
    department_id: count('Department id'),
    collection_department_id: count('Collection department id'),
    test_account: flag('Test account'),
  },
})
