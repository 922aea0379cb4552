import type { Answer } from "./routes";

const DAYS = 28 * 86400_000;

/** The moment to look at a group as of: now (undefined), or when somebody last spoke if that is longer ago than what is looked at. */
export function asOf(group: Answer<"GET", "/{brand}/groups/{id}">, now = Date.now()): string | undefined {
  const last = group.figures.last_message_at ? Date.parse(group.figures.last_message_at) : NaN;
  return last < now - DAYS ? new Date(last + 1000).toISOString() : undefined; // given in seconds
}
