import { defineCarrier } from '../define.ts'
import { identifier, nickname, optional, secret, text } from '../fields.ts'

export default defineCarrier({
  id: 'deutsche_post_dhl',
  name: 'deutsche_post_dhl',
  title: 'Deutsche Post DHL',
  countries: ['DE', 'AT'],
  docs: 'https://docs.shipstation.com/apis/shipengine/docs/carriers/deutsche-post-dhl',
  manifest: { requirement: 'optional', source: 'https://github.com/Petschko/dhl-php-sdk/issues/71' },
  connect: {
    nickname: nickname(),
    user: text('User'),
    password: secret('Password'),
    account_number: identifier('Account number'),
    tracking_user: optional(text('Tracking user')),
    tracking_password: optional(secret('Tracking password')),
    participation_number: optional(text('Participation number')),
    sftp_username: optional(text('SFTP username')),
    sftp_password: optional(secret('SFTP password')),
  },
})
