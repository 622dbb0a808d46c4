import type { TestContext } from 'node:test'

const SPIN_MS = 20
const EVERY_MS = 500

/**
 * Returns a function that returns how many times longer a program has taken since this call than it takes alone on its machine: 1 where nobody else works.
 * A limit in milliseconds is meant for a machine that is not shared; the limit times this number holds for a shared one.
 */
export function watchMachineLoad(t: TestContext): () => number {
  let [wall, cpu] = [0, 0]
  const spin = () => {
    const [began, before] = [performance.now(), process.threadCpuUsage()]
    while (performance.now() - began < SPIN_MS);
    const used = process.threadCpuUsage(before)
    wall += performance.now() - began
    cpu += (used.user + used.system) / 1_000
  }
  spin()
  const timer = setInterval(spin, EVERY_MS)
  t.after(() => clearInterval(timer))
  return () => Math.max(1, wall / cpu)
}
