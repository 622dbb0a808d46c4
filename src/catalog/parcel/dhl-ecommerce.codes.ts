import { option, parcel, service } from '../codes.ts'
import type { ParcelCodes } from '../define.ts'

/** Lists the public codes of the services, packages and options of DHL eCommerce. */
export const codes: ParcelCodes = {
  services: [
    service('globalmail_packet_ipa', 'DHL Globalmail Packet IPA', 'international'),
    service('globalmail_packet_isal', 'DHL Globalmail Packet ISAL', 'international'),
    service('globalmail_packet_standard', 'DHL Globalmail Packet Standard', 'international'),
    service('dhl_globalmail_business_ipa', 'DHL GlobalMail Business IPA', 'international'),
    service(
      'globalmail_parcel_direct_express_ddp',
      'DHL Parcel International Expedited - DDP',
      'international',
    ),
    service(
      'globalmail_parcel_direct_express_ddu',
      'DHL Parcel International Expedited - DDU',
      'international',
    ),
    service('globalmail_parcel_priority', 'DHL Parcel International Priority', 'international'),
    service('globalmail_parcel_direct_ddp', 'DHL Parcel International Direct - DDP', 'international'),
    service('globalmail_parcel_direct_ddu', 'DHL Parcel International Direct - DDU', 'international'),
    service('globalmail_packet_priority', 'DHL Packet International', 'international'),
    service('globalmail_packet_plus', 'DHL Packet Plus International', 'international'),
    service('globalmail_parcel_standard', 'DHL Parcel International Standard', 'international'),
    service('smartmail_parcels_ground', 'DHL SmartMail Parcel Ground', 'domestic'),
    service('smartmail_parcel_plus_ground', 'DHL SmartMail Parcel Plus Ground', 'domestic'),
    service('smartmail_parcels_expedited', 'DHL SmartMail Parcel Expedited', 'domestic'),
    service('smartmail_parcel_plus_expedited', 'DHL SmartMail Parcel Plus Expedited', 'domestic'),
    service('dhl_smartmail_bpm_expedited', 'DHL SmartMail BPM Expedited', 'domestic'),
    service('dhl_smartmail_bpm_ground', 'DHL SmartMail BPM Ground', 'domestic'),
    service('dhl_sm_marketing_parcel_expedited', 'DHL SM Marketing Parcel Expedited', 'domestic'),
    service('dhl_sm_marketing_parcel_ground', 'DHL SM Marketing Parcel Ground', 'domestic'),
    service('dhl_sm_parcel_expedited_max', 'DHL SM Parcel Expedited Max', 'domestic'),
    service(
      'dhl_parcel_international_direct_priority',
      'DHL Parcel International Direct Priority',
      'international',
    ),
    service(
      'dhl_parcel_international_direct_standard',
      'DHL Parcel International Direct Standard',
      'international',
    ),
  ],
  packages: [
    parcel('dhl_ecommerce_irregular_parcel', 'Irregular Parcel', 'Irregularly shaped parcel'),
    parcel('dhl_ecommerce_machinable_parcel', 'Machinable Parcel', 'Parcel sortable by machine'),
    parcel('dhl_ecommerce_bpm_parcel', 'BPM Parcel', 'Bound printed matter parcel'),
    parcel(
      'dhl_ecommerce_parcel_select_machinable',
      'Parcel Select Machinable',
      'Parcel select, sortable by machine',
    ),
    parcel(
      'dhl_ecommerce_parcel_select_non_machinable',
      'Parcel Select Non-Machinable',
      'Parcel select, not sortable by machine',
    ),
    parcel('dhl_ecommerce_media_mail', 'Media Mail'),
    parcel('dhl_ecommerce_marketing_parcel_lt_6oz', 'Marketing Parcel < 6oz', 'Marketing parcel under 6 oz'),
    parcel(
      'dhl_ecommerce_marketing_parcel_gte_6oz',
      'Marketing Parcel >= 6oz',
      'Marketing parcel of 6 oz or more',
    ),
  ],
  options: [option('delivered_duty_paid'), option('non_machinable'), option('saturday_delivery')],
  codeSources: [
    'https://github.com/dregraham/ShipWorks (DhlEcommerceServiceType, DhlEcommercePackagingType)',
  ],
}
