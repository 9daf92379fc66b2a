// Reads {url, headers, threadId, runs: [...]} from standard input, makes the runs with one HttpAgent, and prints what it saw as JSON.
// A run: {say?, resume?, forget?, forwardedProps?, tools?, context?, abortAfter?}. `resume` is the answer to the interrupt that is open,
// or {interruptId, payload} in full; `forget` begins with a new agent of the same thread; `abortAfter` leaves at an event of this type.
import { HttpAgent } from "@ag-ui/client";

const chunks = [];
for await (const chunk of process.stdin) chunks.push(chunk);
const { url, headers, threadId, runs } = JSON.parse(Buffer.concat(chunks).toString("utf8"));

const printed = [];
console.error = () => {}; // the agent prints what it throws
console.warn = (...words) => printed.push(words.map(String).join(" "));

const opened = (thread) => new HttpAgent({ url, headers, ...(thread ? { threadId: thread } : {}) });
let agent = opened(threadId);

function answered(resume) {
  if (resume.interruptId) return [{ status: "resolved", ...resume }];
  return agent.pendingInterrupts.map((open) => ({ interruptId: open.id, status: "resolved", ...resume }));
}

async function made(run, number) {
  if (run.forget) agent = opened(run.forget === true ? agent.threadId : run.forget);
  if (run.say) agent.addMessage({ id: `user-${number}-${Math.random()}`, role: "user", content: run.say });
  const events = [];
  let error = null;
  let status = null;
  const parameters = { forwardedProps: run.forwardedProps ?? {}, tools: run.tools ?? [], context: run.context ?? [] };
  if (run.resume) parameters.resume = answered(run.resume);
  const began = performance.now();
  try {
    await agent.runAgent(parameters, {
      onEvent: ({ event }) => {
        events.push(event);
        if (run.abortAfter && event.type === run.abortAfter) agent.abortRun();
      },
      onRunFailed: ({ error: failure }) => {
        error = failure.message;
        status = failure.status ?? null;
      },
    });
  } catch (failure) {
    error ??= failure.message;
    status ??= failure.status ?? null;
  }
  const { messages, state, pendingInterrupts } = structuredClone({
    messages: agent.messages,
    state: agent.state,
    pendingInterrupts: agent.pendingInterrupts,
  });
  return { threadId: agent.threadId, events, messages, state, pendingInterrupts, error, status, milliseconds: performance.now() - began };
}

const seen = [];
for (const [number, run] of runs.entries()) seen.push(await made(run, number));
process.stdout.write(JSON.stringify({ runs: seen, warnings: printed }));
