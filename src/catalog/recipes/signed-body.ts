import { createHash } from 'node:crypto'
import type { Material, Verification } from '../verification.ts'
import { bodyCode } from './body-code.ts'

type Recipe = Omit<Parameters<typeof bodyCode>[0], 'body'> & {
  /** The parameters in the order in which they are signed; empty ones are left out. */
  parameters: (material: Material) => Readonly<Record<string, string>>
  /** What is appended to them before the digest; it is never sent. */
  privateKey: (material: Material) => string
  body: (parameters: Readonly<Record<string, string>>, signature: string) => string
}

/** The call of a carrier that wants a digest over the parameters and a private key, which itself stays here. */
export function signedBody({ parameters, privateKey, body, ...recipe }: Recipe): Verification {
  return bodyCode({
    ...recipe,
    body: (material) => {
      const signed = parameters(material)
      return body(signed, md5Signature(Object.values(signed), privateKey(material)))
    },
  })
}

/** MD5 over the parameters and the key in windows-1252, as upper-case hex; that weak digest is what the carrier's API asks for. */
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
