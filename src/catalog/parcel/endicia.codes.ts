import { option, parcel, service } from '../codes.ts'
import type { ParcelCodes } from '../define.ts'

/** Lists the public codes of the services, packages and options of Endicia. */
export const codes: ParcelCodes = {
  services: [
    service('usps_first_class_mail', 'USPS First Class Mail', 'domestic'),
    service('usps_media_mail', 'USPS Media Mail', 'domestic'),
    service('usps_parcel_select', 'USPS Parcel Select Ground', 'domestic'),
    service('usps_priority_mail', 'USPS Priority Mail', 'domestic'),
    service('usps_priority_mail_express', 'USPS Priority Mail Express', 'domestic'),
    service('usps_first_class_package_international', 'USPS First Class Package Intl', 'international'),
    service('usps_first_class_mail_international', 'USPS First Class Mail Intl', 'international'),
    service('usps_priority_mail_international', 'USPS Priority Mail Intl', 'international'),
    service('usps_priority_mail_express_international', 'USPS Priority Mail Express Intl', 'international'),
  ],
  packages: [
    parcel('cubic', 'Cubic', 'Cubic-priced parcel'),
    parcel('flat_rate_envelope', 'Flat Rate Envelope', 'USPS cardboard flat rate envelope'),
    parcel('flat_rate_legal_envelope', 'Flat Rate Legal Envelope', 'Legal-size flat rate envelope'),
    parcel('flat_rate_padded_envelope', 'Flat Rate Padded Envelope', 'Padded flat rate envelope'),
    parcel(
      'large_envelope_or_flat',
      'Large Envelope or Flat',
      'Large envelope or flat, within flat size limits',
    ),
    parcel('large_flat_rate_box', 'Large Flat Rate Box'),
    parcel('large_package', 'Large Package (any side > 12")', 'Length plus girth over 84" and up to 108"'),
    parcel('letter', 'Letter'),
    parcel('medium_flat_rate_box', 'Medium Flat Rate Box', 'USPS medium flat rate box'),
    parcel('package', 'Package', 'Length plus girth up to 84"'),
    parcel('regional_rate_box_a', 'Regional Rate Box A'),
    parcel('regional_rate_box_b', 'Regional Rate Box B'),
    parcel('small_flat_rate_box', 'Small Flat Rate Box'),
    parcel('thick_envelope', 'Thick Envelope', 'Envelope or flat thicker than 3/4"'),
  ],
  options: [option('non_machinable', 'false')],
  codeSources: [
    'https://github.com/friendlycart/friendly_shipping (spec/cassettes/shipengine/carriers/success.yml)',
  ],
}
