// Addresses below /console/. Who is not signed in sees only the public ones.
import { createRouter, createWebHistory } from "vue-router";
import { onSignedOut } from "./lib/api";
import { useSession } from "./lib/session";

export const router = createRouter({
  history: createWebHistory("/console/"),
  scrollBehavior: (_to, _from, kept) => kept ?? { top: 0 },
  routes: [
    { path: "/", name: "home", component: () => import("./screens/Absent.vue") }, // one of the others: see below
    { path: "/today", name: "today", component: () => import("./screens/Today.vue"), meta: { scope: "members.read" } },
    { path: "/setup", name: "setup", component: () => import("./screens/Setup.vue"), meta: { open: true } },
    { path: "/signin", name: "signin", component: () => import("./screens/SignIn.vue"), meta: { open: true } },
    { path: "/link", name: "link", component: () => import("./screens/Link.vue"), meta: { open: true } },
    { path: "/overview", name: "overview", component: () => import("./screens/Overview.vue"), meta: { scope: "overview.read" } },
    { path: "/members", name: "members", component: () => import("./screens/Members.vue"), meta: { scope: "members.read" } },
    { path: "/members/conflicts", name: "conflicts", component: () => import("./screens/Conflicts.vue"), meta: { scope: "members.merge" } },
    { path: "/members/:id", name: "member", component: () => import("./screens/Member.vue"), meta: { scope: "members.read" } },
    { path: "/segments", name: "segments", component: () => import("./screens/Segments.vue"), meta: { scope: "members.read" } },
    { path: "/segments/:code", name: "segment", component: () => import("./screens/Segment.vue"), meta: { scope: "members.read" } },
    { path: "/groups", name: "groups", component: () => import("./screens/Groups.vue"), meta: { scope: "members.read" } },
    { path: "/groups/:id/:tab?", name: "group", component: () => import("./screens/Group.vue"), meta: { scope: "members.read" } },
    { path: "/groups/unanswered", name: "unanswered", component: () => import("./screens/Unanswered.vue"), meta: { scope: "members.read" } },
    { path: "/moderation", name: "moderation", component: () => import("./screens/Moderation.vue"), meta: { scope: "members.read" } },
    { path: "/insight", name: "insight", component: () => import("./screens/Insight.vue"), meta: { scope: "insight.read" } },
    { path: "/boards", name: "boards", component: () => import("./screens/Boards.vue"), meta: { scope: "insight.read" } },
    { path: "/boards/:id", name: "board", component: () => import("./screens/Board.vue"), meta: { scope: "insight.read" } },
    {
      path: "/settings",
      component: () => import("./screens/Settings.vue"),
      redirect: "/settings/me",
      children: [
        { path: "me", name: "settings-me", component: () => import("./screens/settings/Me.vue") },
        { path: "brand", name: "settings-brand", component: () => import("./screens/settings/Brand.vue"), meta: { scope: "settings.read" } },
        { path: "lifecycle", name: "settings-lifecycle", component: () => import("./screens/settings/Lifecycle.vue"), meta: { scope: "settings.read" } },
        { path: "today", name: "settings-today", component: () => import("./screens/settings/Today.vue"), meta: { scope: "insight.read" } },
        { path: "tags", name: "settings-tags", component: () => import("./screens/settings/Tags.vue"), meta: { scope: "members.write" } },
        { path: "owners", name: "settings-owners", component: () => import("./screens/settings/Owners.vue"), meta: { scope: "members.assign" } },
        { path: "consent", name: "settings-consent", component: () => import("./screens/settings/Consent.vue"), meta: { scope: "settings.read" } },
        { path: "staff", name: "settings-staff", component: () => import("./screens/settings/Staff.vue"), meta: { scope: "staff.manage" } },
        { path: "keys", name: "settings-keys", component: () => import("./screens/settings/Keys.vue"), meta: { scope: "keys.manage" } },
        { path: "imports", name: "settings-imports", component: () => import("./screens/settings/Imports.vue"), meta: { scope: "imports.write" } },
        { path: "imports/:id", name: "settings-import", component: () => import("./screens/settings/Import.vue"), meta: { scope: "imports.write" } },
        { path: "audit", name: "settings-audit", component: () => import("./screens/settings/Audit.vue"), meta: { scope: "audit.read" } },
        { path: "privacy", name: "settings-privacy", component: () => import("./screens/settings/Privacy.vue"), meta: { scope: "members.privacy" } },
        { path: "system", name: "settings-system", component: () => import("./screens/settings/System.vue"), meta: { scope: "system.read" } },
      ],
    },
    { path: "/:rest(.*)*", name: "absent", component: () => import("./screens/Absent.vue"), meta: { open: true } },
  ],
});

router.beforeEach(async (to) => {
  const session = useSession();
  if (!session.asked) await session.load().catch(() => {});
  if (to.meta.open) return true;
  if (!session.session) return { name: "signin", query: ["/", "/overview"].includes(to.fullPath) ? {} : { to: to.fullPath } };
  // who talks to members begins with whom to talk to
  if (to.name === "home") return { name: session.may("members.write") && !session.may("insight.read") ? "today" : "overview" };
  const scope = to.meta.scope as string | undefined;
  if (scope && !session.may(scope)) return to.name !== "overview" ? { name: "overview" } : session.may("members.read") ? { name: "members" } : { name: "settings-me" };
  return true;
});

onSignedOut(() => {
  const session = useSession();
  session.leave();
  if (!router.currentRoute.value.meta.open) router.push({ name: "signin", query: { to: router.currentRoute.value.fullPath } });
});
