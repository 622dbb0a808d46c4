import type { TestEvent } from 'node:test/reporters'
import { relative } from 'node:path'
import { inspect } from 'node:util'

// This reporter prints one line for each file, every failure in full, and the closing lines of the runner.
export default async function* report(events: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  for await (const event of events) {
    if (
      event.type === 'test:fail' &&
      (event.data.details.error as { failureType?: string }).failureType !== 'subtestsFailed'
    )
      yield `FAILED ${event.data.name} (${relative(process.cwd(), event.data.file ?? '')}:${event.data.line})\n${inspect(event.data.details.error.cause ?? event.data.details.error)}\n`
    else if (event.type === 'test:summary' && event.data.file !== undefined) {
      const { counts, duration_ms, file } = event.data
      yield `${relative(process.cwd(), file)}: ${counts.passed} passed, ${counts.tests - counts.passed} not, ${(duration_ms / 1_000).toFixed(1)} s\n`
    } else if (event.type === 'test:diagnostic' && event.data.nesting === 0) yield `${event.data.message}\n`
  }
}
