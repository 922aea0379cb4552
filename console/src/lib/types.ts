// What the API replies, by the names the console has for it. The shapes are the API's own (routes.ts); what is told there
// as any text and has few values is narrowed here.
import type { Answer, Item } from "./routes";

export const STAGES = ["potential", "new", "effective", "active", "core", "dormant", "churned"] as const;
export const TRUST = ["unaware", "curious", "acquainted", "informed", "familiar", "bought", "shares"] as const;
export const ROLES = ["owner", "operator", "growth", "advisor", "clerk", "analyst", "partner"] as const;
export type Role = (typeof ROLES)[number];
export const SCOPES = [
  "overview.read", "members.read", "members.write", "members.reveal", "members.export", "members.merge", "members.assign", "members.privacy", "insight.read", "boards.write", "settings.read",
  "settings.write", "staff.manage", "keys.manage", "imports.write", "audit.read", "system.read", "intake.write", "groups.write",
] as const;
export const ERASE_REASONS = ["asked", "withdrew", "minor", "expired", "mistake", "other"] as const;
export type Stage = (typeof STAGES)[number];


type Asked<T> = Omit<T, "query"> & { query: Query };
type Staged<T> = T & { stage: Stage | null };
export type Session = Answer<"GET", "/session">;
export type Brand = Session["brands"][number];
export type MemberRow = Staged<Item<"/{brand}/members">>;
export type Profile = Staged<Answer<"GET", "/{brand}/members/{id}">>;
export type Preview = Answer<"GET", "/{brand}/members/{id}/merge">;
export type Merge = Item<"/{brand}/members/{id}/merges">;
export type Conflict = Item<"/{brand}/conflicts">;
export type Receipt = Item<"/{brand}/privacy/erasures">;
export type KeptClass = Item<"/{brand}/privacy/retention">;
export type Entry = Item<"/{brand}/members/{id}/timeline">;
export type Catalog = Answer<"GET", "/{brand}/catalog">;
export type Overview = Answer<"GET", "/{brand}/overview">;
export type Cohort = Overview["retention"]["cohorts"][number];
export type Query = Record<string, Record<string, unknown>>;
export type Reply = Asked<Answer<"POST", "/{brand}/query">>;
export type Question = Asked<Item<"/{brand}/questions">>;
export type Board = Answer<"GET", "/{brand}/boards/{id}">;
export type Staff = Item<"/{brand}/staff">;
export const REACHES = ["brand", "department", "store", "own"] as const;
export type Reach = (typeof REACHES)[number];
export type Owner = Item<"/{brand}/owners">;
export type Key = Item<"/{brand}/keys"> & { secret?: string };

/** What may be done with some of the members (docs/accounts.md, reach). */
export const NARROW: string[] = ["overview.read", "members.read", "members.write", "members.reveal", "members.export", "members.assign", "members.merge", "insight.read", "audit.read"];
