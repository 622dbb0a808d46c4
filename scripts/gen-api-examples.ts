import { format, resolveConfig } from 'prettier'
import { conditions, type ConditionName } from '../src/errors.ts'
import { sendExampleRequests } from '../test/support/api-description/example-requests.ts'
import { openRecorder } from '../test/support/api-description/record-examples.ts'
import { emit } from './generated.ts'

// The examples of the API description are answers of a server: this script sends it requests and keeps them with their answers.
const recorder = await openRecorder()
try {
  await sendExampleRequests(recorder)
} finally {
  await recorder.close()
}

const { operations, refusals } = recorder.recorded
for (const [name, { status, source, type, code, when }] of Object.entries(conditions)) {
  // A server in good order never gives a few of the refusals: their examples say what the table of conditions says.
  refusals[name as ConditionName] ??= {
    status,
    body: {
      request_id: recorder.requestId,
      errors: [{ error_source: source, error_type: type, error_code: code, message: when }],
    },
  }
}

const sorted = (entries: object) =>
  Object.fromEntries(Object.entries(entries).sort(([a], [b]) => (a < b ? -1 : 1)))
const path = 'src/http/openapi/examples.json'
const text = JSON.stringify({ operations: sorted(operations), refusals: sorted(refusals) })
emit({ [path]: await format(text, { ...(await resolveConfig(path)), filepath: path }) })
