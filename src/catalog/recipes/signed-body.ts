import { createHash } from 'node:crypto'
import type { Material, Verification } from '../verification.ts'
import { bodyCode } from './body-code.ts'

type SignedBodyRecipe = Omit<Parameters<typeof bodyCode>[0], 'body'> & {
  /** `parameters` returns the parameters in the order in which they are signed; empty parameters are left out. */
  parameters: (material: Material) => Readonly<Record<string, string>>
  /** `privateKey` is appended to the parameters before the digest, and is never sent. */
  privateKey: (material: Material) => string
  body: (parameters: Readonly<Record<string, string>>, signature: string) => string
}

/** Verifies credentials at a carrier that wants a digest over the parameters and a private key; the private key itself is not sent. */
export function signedBody({ parameters, privateKey, body, ...recipe }: SignedBodyRecipe): Verification {
  return bodyCode({
    ...recipe,
    body: (material) => {
      const signed = parameters(material)
      return body(signed, md5Signature(Object.values(signed), privateKey(material)))
    },
  })
}

/** Computes the MD5 over the parameters and the key in windows-1252, as upper-case hex; the carrier's API requires MD5, although MD5 is weak. */
export function md5Signature(parameters: readonly string[], privateKey: string): string {
  return createHash('md5')
    .update(windows1252(parameters.join('') + privateKey))
    .digest('hex')
    .toUpperCase()
}

const decoder = new TextDecoder('windows-1252')
const bytesByCharacter = new Map(
  Array.from({ length: 256 }, (_, byte) => [decoder.decode(Uint8Array.of(byte)), byte] as const),
)

function windows1252(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => bytesByCharacter.get(character) ?? 0x3f)
}
