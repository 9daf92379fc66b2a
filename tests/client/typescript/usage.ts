// Compiles against yingzhi.d.ts; each `@ts-expect-error` fails the compilation if what follows it were allowed.
import type { Act, Consultation, Event, FrontState, View, paths } from "./yingzhi";

type Created = paths["/api/v1/consultations"]["post"]["requestBody"]["content"]["application/json"];
export const least: Created = { case: { text: "Itch for three months." } }; // what has a default may be left out
// @ts-expect-error an age is a number
export const wrong: Created = { case: { text: "", patient: { age: [] } } };

export const signed: Act = { review: { action: "sign" }, revision: 2 };
// @ts-expect-error there is no such act
export const prescribed: Act = { review: { action: "prescribe" } };

export function told(event: Event): string {
  switch (event.type) {
    case "alert.raised":
      return event.alert.title.zh;
    case "differential.updated":
      return event.leading.map((d) => `${d.en} ${d.probability.toFixed(2)}`).join();
    case "run.failed":
      return event.reason;
    default:
      return `${event.seq} ${event.type}`; // what is sent is whole
  }
}

export function first(view: View): string {
  const result: Consultation | null = view.result;
  return result?.differential[0]?.cells[0]?.finding ?? view.status;
}

export const shown = (state: FrontState): number => state.workup?.price ?? state.alerts.length;
