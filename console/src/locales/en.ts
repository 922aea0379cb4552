// The console's words in English; the type makes a missing key an error.
import { kindsEn } from "./kinds";
import type zh from "./zh";

const en: typeof zh = {
  kind: kindsEn,
  nav: { label: "main", side: "side bar", skip: "Skip to content", brand: "Brand", language: "Language", theme: "Theme", leave: "Sign out", overview: "Overview", members: "Members", segments: "Segments", insight: "Insight", boards: "Boards", settings: "Settings" },
  theme: { auto: "System", light: "Light", dark: "Dark" },
  do: { again: "Try again", cancel: "Cancel", save: "Save", saved: "Saved", clear: "Clear", copy: "Copy", copied: "Copied", delete: "Delete", end: "End", refresh: "Refresh", wait: "loading" },
  door: { saying: "The public domain is the river at the door; the private domain is the well in your own yard.", what: "Where every member came from, what they said and bought: kept on your own machine." },
  signin: { title: "Sign in", name: "Name", password: "Password", enter: "Sign in", forgot: "Forgot it? An owner can make you a new link under Settings › Staff." },
  setup: { title: "Welcome to Wellfield", text: "Make the first account. It owns this server.", code: "One-time setup code", codeHint: "printed where wellfield serve was started", display: "Name to show (optional)", passwordHint: "8 to 128 characters", begin: "Make the account and go in" },
  link: { title: "One-time link", text: "This link works once.", password: "Choose a password for your account.", none: "The address lacks the link's content. Copy it whole and open it again.", newPassword: "New password", enter: "Go on" },
  problem: { unreachable: "The server cannot be reached. Check the network, and that it runs.", forbidden: "Your role does not allow this. Ask the brand's owner.", busy: "Too many requests. Wait a moment and try again.", server: "The server failed. Try again later; if it stays, look at its log." },
  absent: { title: "No such page", text: "The address may be wrong, or the page has moved.", back: "To the overview" },
  stage: { potential: "potential", new: "new", effective: "effective", active: "active", core: "core", dormant: "dormant", churned: "churned", visitor: "visitor" },
  trust: { unaware: "unaware", curious: "curious", acquainted: "acquainted", informed: "informed", familiar: "familiar", bought: "bought", shares: "shares" },
  figure: { members: "members", events: "events" },
  define: {
    members: "in any lifecycle stage; visitors are apart", active: "with any event in the last 28 days", today: "in the brand's time zone", events: "facts stored since the beginning",
  },
  means: {
    members: "Members in one of the seven lifecycle stages: potential, new, effective, active, core, dormant, churned. Visitors have no identity of use yet and are apart; merged members count once.", active: "Members with any event in the last 28 calendar days, today among them, in the brand's zone. Where the history ended long ago, the 28 days end with its last one.",
    today: "Events since midnight in the brand's zone. Opens the members who had one on that day.", events: "All facts stored since the beginning; ticks as they are written. An event that is sent again counts once.", stock: "How many members stood in each stage at the end of each week. Click an area to see who stands there now.", now: "Members per stage at this moment; together they are the figure “members”. Open a line to see who.",
    days: "Events of each calendar day in the brand's zone. Click a bar to see the members who had one on that day.", kinds: "Events per kind since the beginning, the most frequent first. Open a line to see the members who did it.",
    flow: "Compares the stages of 28 days ago (left) with those of now (right); “arrived” had none then. Click a stream to see who is on the right now and left the stage on the left within 28 days: a few more or less than the picture says, which compares two moments only.",
    retention: "A row is the members first seen in one week; column k is the share of them with an event in the k-th week after, column 0 the week itself. Weeks to come are empty. Open a cell to see who.",
  },
  stageMeans: {
    potential: "knows you, but is in no group, no contact, and has not bought", new: "joined, in the first days", effective: "in a group or a contact, not silent", active: "as active in the last 28 days as before", core: "active, and brings others or buys again", dormant: "has not acted for long", churned: "left, or silent for very long",
  },
  north: { title: "North star", text: "Not chosen yet. It will stand here when metrics are built; until then, pin the trend that best tells that members get value to a board." },
  line: { opening: "connecting", open: "live", lost: "connection to the server lost, trying again" },
  confirm: { title: "Your password once more", text: "To be sure that it is you. You will not be asked again for five minutes.", go: "Confirm" },
  undo: { back: "Undo", now: "Do it now", board: "Board “{name}” deleted", question: "Question “{name}” deleted", staff: "“{name}” has no access any more" },
  arrival: { waits: "Waiting for the first event: run the code above, and it shows here the moment it arrives.", came: "It arrived!", at: "The key was used at {at}; events of the brand since this page was opened: {n}." },
  export: {
    title: "Export members", text: "Members to be exported: {n}.", those: "Exports the members that match.", audited: "Who exported how many, and when, is written to the audit.", format: "Format", clear: "Identities (in clear)", masked: "Identities (masked)", take: "Export",
  },
  overview: {
    asOf: "as of {at}", ago: "computed {n} s ago", active: "seen in 28 days", today: "events today", lastDay: "events on the last day", events: "all events", stages: "Members per lifecycle stage", now: "Now", drill: "open one to see who", days: "Events per day", who: "see who", weekly: "stock at the end of each week",
    days90: "last 90 days", kinds: "Top kinds", flow: "Flow of 28 days", flowHow: "left: 28 days ago, right: now", retention: "Weekly retention", weeks12: "members new in the last 12 weeks",
  },
  first: { title: "No events yet", text: "This page will show stages, flow and retention. Bring in a history first: orders, a list of members, chat logs.", import: "Import a file", or: "Or make a write key and send the first event from a site or a server; or simulate a year.", key: "Make a write key" },
  members: {
    total: "{n} members", columns: "Columns", export: "Export", search: "Search members", searchHint: "name, phone or its last four, id m12, e-mail…", stage: "Stage", allStages: "All stages", filter: "Filter", expression: "Expression",
    expressionHint: 'such as orders >= 2 and not did("message.sent", within 30d)', selected: "{n} members match", examples: "Examples", apply: "Apply", noneFound: "Nobody matches", noneFoundText: "Loosen the filter, or try other words.",
    none: "No members yet", noneText: "Members appear with the first event that carries an identity: import orders or a chat log, or send an event.", all: "Show all members", how: "How to begin", nameless: "nameless · {id}", inSegment: "in the segment", leaveSegment: "Not only this segment",
  },
  segments: {
    total: "{n} segments", make: "New segment", name: "Name", code: "Code", description: "Description", kind: "Kind", expression: "Expression", members: "Members", moved: "Last change", static: "static list", byExpression: "by an expression", save: "Save", add: "Add", addNamed: "Add “{name}”",
    more: "Ready-made", none: "No segments yet", noneText: "A segment is a saved expression about members. It is kept current by every event and by the clock: whoever fits is in it at once, whoever fits no longer is out at that very moment. Add a ready-made one to begin, or write your own.",
    ready: "ready", building: "being built", broken: "cannot be read", back: "Back to segments", who: "Show members", edit: "Change", remove: "Delete segment", removeText: "“{name}” will be deleted, and the segments that name it cannot be read any more.", now: "members now", movedAt: "last change {at}", list: "Members of the list", listHint: "ids such as m12, or phone:13800138000; one a line", putOn: "Put on the list",
    takeOff: "Take off the list", why: "Why is someone in it, or not", whyWho: "Member's id, such as m12", ask: "Explain", isIn: "{id} is in it", isNotIn: "{id} is not in it", fits: "fits", fitsNot: "does not fit", value: "is {v}", nothing: "is empty", noEvents: "no such event", event: "one event, {at}", events: "{n} events, the last {at}",
    versions: "Versions", live: "Coming and going, live", quiet: "Nobody has entered or left since this page was opened.", overlap: "Overlap of two", first: "First segment", second: "Second segment", both: "in both", only: "only in {name}", either: "in either",
    change: { entered: "entered", left: "left", rebuilt: "built anew" }, reason: { event: "by an event", clock: "as time passed", definition: "by its definition" },
  },
  column: {
    name: "Name", stage: "Stage", trust: "Trust", identities: "Identities", last_seen: "Last seen", orders: "Orders", spent: "Spent", events: "Events", created: "First seen", joined: "Joined", contacts: "Contacts", last_order: "Last order", id: "Id",
  },
  builder: { label: "condition builder", field: "Field", op: "Comparison", value: "Value", did: "Did something", traits: "Traits", kind: "Kind of event", times: "times or more", within: "days back (0 = ever)", days: "days", and: "And", or: "Or", add: "Add" },
  op: { is: "is", isnot: "is not", least: "at least", most: "at most", has: "contains", recent: "in the last", before: "before the last", never: "never", true: "yes", false: "no", in: "in", none: "in none", known: "is known", did: "did", didnot: "did not" },
  field: {
    lifecycle: "Lifecycle", trust: "Trust", orders: "Orders", spent: "Spent", joined: "Joined", last_seen: "Last seen", last_interaction: "Last interaction", last_order: "Last order", groups: "Groups", contacts: "Contacts",
    invited: "Invited", returned: "Returned", reads: "Reads", silent_buyer: "Silent buyer", outside: "Outside",
    last_act: "Last act", act_days: "Days with acts, 28 d", usual_days: "Usual days with acts", pace: "Pace (now by usual)", order_gap: "Days between orders", order_due: "Next order due",
  },
  member: {
    back: "Back to members", stands: "Where they stand", since: "since {at}", trust: "Trust", peak: "once {at}", why: "Why this stage", whyTrust: "Why this trust", facts: "At a glance", identities: "Identities", seen: "first and last seen", verified: "verified", reveal: "Show in clear",
    revealText: "Phones, e-mail addresses and the like will be shown whole. This is written to the audit, with your reason.", reason: "Reason", traits: "Traits", noTraits: "No traits yet. They come with imported members or identify events.", history: "History", allKinds: "All kinds",
    noneOfKind: "No event of this kind.", noHistory: "No history yet.", older: "Older", segments: "Segments", whyIn: "Why", noSegments: "In no segment.",
  },
  tags: {
    title: "Tags", add: "Add", give: "Give the tag", take: "Take the tag “{name}”", takeAway: "Take it away", until: "until {at}", none: "No tags yet.", which: "Choose a tag", loose: "In no group", expires: "Ends on (optional)", noTags: "There are no tags yet.", tag: "Tag", many: "Tag many", found: "For the {n} members found.",
    those: "For those that match.", matching: "For the {n} members that match.", done: "{n} changed; {same} were so already.", undone: "Taken back from {n} members.", close: "Close", newGroup: "New group", changeGroup: "Change the group", groupText: "a group has a colour; in an exclusive one a member keeps the last tag alone", groupName: "Name of the group", colour: "Colour",
    exclusive: "Exclusive (one a member)", edit: "Change", name: "Name of the tag", group: "Group", newTag: "New tag", who: "see who", rename: "Change the tag “{name}”", remove: "Remove the tag “{name}”", dropped: "“{name}” deleted",
  },
  colour: { grey: "grey", red: "red", orange: "orange", gold: "gold", green: "green", teal: "teal", blue: "blue", purple: "purple", pink: "pink" },
  notes: { title: "Notes", new: "Write a note…", add: "Add the note", edit: "Change", changed: "changed {at}", none: "No notes yet.", dropped: "Note deleted" },
  traits: { add: "Fill in", edit: "Change “{name}”", remove: "Remove", removed: "“{name}” is removed", name: "Name of the trait", type: "Type", value: "Value", text: "text", number: "number", bool: "yes or no" },
  consent: {
    title: "Consent", recall: "Recall links", recallHint: "Every link made of this member so far is over", recalled: "All links of this member are recalled", recallAll: "Recall all links", recallAllHint: "Every link to the preference page that was made so far is over, whoever has it", recalledAll: "All links are recalled", link: "Preference link", linkText: "With this link the member consents and withdraws; good until {at}:", write: "Record", purpose: "Purpose", channel: "Channel", all: "all channels", list: "List", whole: "the whole purpose", way: "How", wayHint: "phone, paper, chat…", evidence: "Evidence (optional, sealed)", granted: "Consented", withdrawn: "Withdrawn",
    guardian: "a guardian", ledger: "All entries ({n})", version: "version {n}", setup: "Purposes", setupText: "Without an entry, what needs consent is denied and what the contract needs is allowed; under 14 a guardian has to consent. A withdrawal takes effect at once.", newPurpose: "New purpose", key: "Key", keyHint: "small letters, digits, _", nameZh: "Name in Chinese", nameEn: "Name in English",
    basis: "Basis", offered: "Channels offered on the preference page", text: "Text", newText: "Write a new version", noText: "No text yet.", textZh: "Text in Chinese", textEn: "Text in English", saveText: "Publish version {n}", lists: "Lists", newList: "New list", shown: "Shown on the preference page",
  },
  basis: { consent: "needs consent", contract: "needed by the contract" },
  channel: { wecom: "WeCom", wechat: "WeChat", sms: "Text message", email: "E-mail", call: "Phone call", push: "App notification", telegram: "Telegram" },
  reason: { granted: "consented", withdrawn: "withdrawn", silent: "not consented", contract: "needs none", child: "under 14", left: "left", unknown: "unknown" },
  query: {
    what: "What to know", trend: "Trend", funnel: "Funnel", retention: "Retention", paths: "Paths", stickiness: "Stickiness", lifecycle: "Lifecycle flow", activity: "New and returning", rfm: "RFM", repeat: "Repeat buying", segment: "Segment", steps: "Steps", step: "Step {n}",
    any: "any event", up: "Move step {n} up", drop: "Remove step {n}", stepWhere: "Condition of step {n}", addStep: "Add a step", kind: "Events", breakdown: "Break down by", noBreakdown: "nothing", measure: "Measure", by: "By", from: "From", to: "To (exclusive)",
    where: "Events for which", who: "Members who", whereHint: "such as amount >= 5000", whoHint: 'such as lifecycle = "active"', window: "Window", mode: "Mode", birth: "Begins with", return: "Comes back with", periods: "Periods", type: "Counting", first: "Beginning", anchor: "Around",
    direction: "Direction", depth: "Depth", within: "Within", fold: "Fold equal neighbours", top: "Paths at most", days: "Days", as_of: "As of", unit: "Unit", horizon: "Horizon", holdout: "Days to check against",
  },
  about: {
    trend: "How many over time: events, members, money.", funnel: "How far members come, and where they leave.", retention: "Of those who came, who comes back.", paths: "What happens after something, or before it.", stickiness: "On how many days members are active.",
    lifecycle: "How members move between the seven stages.", activity: "Who is new, stays, comes back, stays away.", rfm: "Buyers scored by recency, frequency and money.", repeat: "Who will buy again, by the BG/NBD and Gamma-Gamma models.", segment: "How many members an expression selects.",
  },
  choice: {
    events: "events", members: "members", amount: "amount", average: "average amount", hour: "hour", day: "day", week: "week", month: "month", ordered: "in order", strict: "the very next", any: "any order", classic: "in the period", rolling: "in it or later", ever: "first ever",
    in_range: "first in range", each: "each", after: "after", before: "before",
  },
  activity: { new: "new", returning: "returning", resurrected: "resurrected", dormant: "dormant" },
  insight: {
    now: "this period", before: "previous period", none: "(none)", rest: "all others", ended: "ended here", frequency: "frequency", recency: "recency", arrived: "arrived", actual: "actual", expected: "expected", share: "share", cohort: "cohort", time: "time", breakdown: "key", value: "value",
    step: "step", fromFirst: "of first", fromPrevious: "of previous", median: "median time", everyone: "everyone", path: "path", occurrences: "occurrences", activeDays: "active days", fromTo: "from ＼ to", revenue: "revenue", figure: "figure", buyers: "buyers", alive: "still buyers",
    expectedOrders: "expected order days", expectedRevenue: "expected revenue", stop: "Stop", stopped: "Stopped.", nothing: "Nothing in this span", nothingText: "Try another range, or check the kinds that were chosen.", table: "result as a table", cost: "{rows} rows scanned in {ms} ms",
    onlyTable: "Table only", withChart: "With chart", savedOnes: "Saved questions", save: "Save", saved: "Saved “{name}”", change: "change “{name}”", anew: "save as a new one", drop: "Delete question", dropText: "“{name}” will be deleted, and disappear from boards that show it.", build: "query", how: "how to edit", form: "Form", text: "the query as JSON", ask: "Ask",
    textHint: "The same as POST /api/v1/BRAND/query takes; leave the field or press Ctrl+Enter.", answer: "answer", compare: "compare with previous period", name: "Name", pin: "Pin to a board", noBoard: "no board", newBoard: "new board…",
  },
  boards: {
    first: "My board", name: "Name of the board", make: "Make a board", holds: "questions: {n}", none: "No boards yet", noneText: "A board keeps the questions you look at often. Ask one under Insight, save it and pin it.", toInsight: "Ask a question", back: "Back to boards", unpin: "Take “{name}” off the board",
    empty: "This board is empty", emptyText: "Save a question under Insight and pin it here.", drop: "Delete board", dropText: "The board “{name}” will be deleted. Its questions stay.",
  },
  settings: { me: "Me", brand: "Brand", tags: "Tags", consent: "Consent", staff: "Staff", keys: "Keys", imports: "Imports", audit: "Audit", system: "System", privacy: "Privacy" },
  me: { password: "Password", current: "Present password", change: "Change password", sessions: "Signed in", sessionsText: "end those you do not know, and change your password", seen: "Last seen", began: "Since", address: "Address", agent: "Browser", this: "this one" },
  brand: { hours: "Service hours", hoursText: "In which staff answer, in the brand's time zone", hoursTo: "End of service hours", name: "Name of the brand", zone: "Time zone", currency: "Currency", rules: "Numbers of the definitions", rulesText: "where the lifecycle stages begin and end; chosen when the brand was made", rule: "rule", value: "now", default: "default" },
  rule: {
    dormant_days: "days without an act until dormant", churned_days: "days of silence until churned", left_hours: "hours out of all groups until churned", order_days: "days an order counts as recent", window_days: "days looked at for activity", before_days: "days before to compare with",
  },
  staff: {
    invite: "Invite", inviteText: "makes a one-time link; whoever opens it chooses a password", role: "Role", make: "Make the link", link: "Hand over this link. It is shown once and works once.", state: "State", revoke: "Revoke", newLink: "New link", you: "you",
    revokeText: "“{name}” will not get into “{brand}” any more; sessions end at once.", roleOf: "Role of {name}",
  },
  state: { active: "active", invited: "invited", disabled: "disabled" },
  role: { owner: "owner", operator: "operator", growth: "growth lead", advisor: "advisor", clerk: "clerk", analyst: "analyst", partner: "partner" },
  roleIs: {
    owner: "may do everything, staff and keys too", operator: "members in clear, export, merging, insight, boards, imports", growth: "members, insight, boards", advisor: "members, in clear on request", clerk: "may only sign in, for redeeming later", analyst: "members masked, insight, boards; no export", partner: "the overview alone",
  },
  keys: {
    new: "New key", is: { public: "for pages and apps: may only write, from origins you name", secret: "for servers: may only write; identities count as verified", token: "for programs that read or manage: only the scopes you choose" }, kind: "Kind", public: "public write key", secret: "secret write key", token: "API token",
    name: "Name", nameHint: "where it is used, such as “web shop”", days: "Valid for days", never: "never", origins: "Origins (optional, parted by spaces)", scopes: "Scopes", make: "Make the key", once: "Copy it now and keep it safe. It will not be shown again.", try: "Send an event:", tryToken: "Read something:", made: "Made",
    expires: "Expires", used: "Last used", revoke: "Revoke", revoked: "revoked", rotate: "Rotate", revokeText: "Programs that use “{name}” stop working at once. This cannot be undone.", none: "No keys yet. Make one to send events from a site or a server.",
  },
  imports: {
    new: "Import a file", newText: "orders, lists of members, chat logs; a dry run first writes nothing", dropHere: "Drop a file here, or", pick: "Choose a file", kinds: "CSV, TXT, JSONL, chat logs; gzip or zstd too. UTF-8, GB18030 and UTF-16 are told apart.", past: "Imports so far", pastText: "files go 7 days after the import ended; events stay", file: "File", by: "By", at: "When",
    none: "Nothing imported yet", noneText: "Export orders or members from your shop, or the log of a group, and drop the file above. Known headers map themselves; look at the preview, try a dry run, and write when you like what you see.", drop: "Delete import", dropText: "The file “{name}” and its rejected rows will be deleted. The events stay.", back: "Back to imports",
    fileGone: "The file is gone (7 days after its import). To import it again, upload it again.", sending: "upload", sent: "{sent} of {all}", pause: "Pause", goOn: "Go on", resume: "“{name}” is not complete. Choose the same file again to go on where it broke off.", resumeHere: "Drop the same file here, or", otherFile: "This is another file; wanted: {name} ({size}).", read: "How to read it", guessed: "looks like {format} in {encoding}", told: "read as {format} in {encoding}",
    format: "Format", auto: "guess", as: "Each row is", asHint: "by its content", group: "Group", groupHint: "where these events happened", source: "Source", sourceHint: "names are one person within a source only", tz: "Time zone", tzHint: "for times that name none; otherwise {zone}", date: "Date", dateHint: "the first day of a log that names none", columns: "What each column becomes",
    byHeaders: "by the headers; change what is wrong", byHand: "as you chose; columns without a choice are left out", reset: "By the headers again", column: "Column", samples: "Samples", becomes: "Becomes", becomesOf: "“{column}” becomes", nameOf: "name of “{column}”", typeOf: "type of “{column}”", formatOf: "format of the date in “{column}”", dateAuto: "any known date", nameless: "“{column}” becomes a property or trait: give it a name.", twice: "“{column}” and another column become the same thing.",
    problems: "Problems in the preview", problemsText: "these rows would be rejected as things stand", at_line: "line {line}", events: "As it would be stored", eventsText: "the first rows", rows: "As it stands in the file", rowsText: "rows: {n}", strict: "Stop at the first bad row", try: "Dry run", run: "Import", tryText: "A dry run goes all the way and writes nothing; its figures are those the import will have.", outcome: "Outcome", tried: "Dry run", counts: "Import", again: "Import again, set up differently",
    rejects: "Rejected rows (the first 20)", download: "Download all rejected rows", line: "Line", why: "Why", queued: "waiting for the import before it", at_rows: "{rows} rows, {rate} a second", left: "{time} left", polling: "the line is down: asking every second",
  },
  importState: { uploading: "uploading", ready: "ready", queued: "queued", trying: "dry run", running: "importing", done: "done", failed: "failed", stopped: "stopped" },
  format: { csv: "CSV table", columns: "columns parted by blanks", jsonl: "JSONL: an event a line", segment: "Segment messages", irc: "chat log (time and nick)" },
  formatIs: { csv: "a header row, then commas, semicolons or tabs", columns: "no headers, blanks between columns", jsonl: "a JSON object a line", segment: "messages of the Segment protocol, one a line", irc: "such as [09:14] <nick> words" },
  count: { read: "rows read", stored: "stored as events", duplicate: "duplicates", rejected: "rejected", members_created: "new members", merged: "merged", updated: "updated", conflicts: "conflicts", skipped: "skipped", dropped: "identities dropped", identities_dropped: "identities dropped", presence: "presence" },
  countMeans: {
    read: "data rows, lines of JSON, or messages", stored: "rows that became an event", duplicate: "rows imported before, or whose id is known; they are not stored again", rejected: "rows that could not be used; see why below", members_created: "members made by it", merged: "members merged by it", conflicts: "merges and renames not done because the name is somebody else's", skipped: "totals, and notices that leave nothing", dropped: "identities that are junk, masked or too many", identities_dropped: "identities that are junk, masked or too many",
  },
  target: {
    none: "left out", at: "time", kind: "kind of event, as it is", status: "status of an order", amount: "amount (major units)", amount_minor: "amount (minor units)", id: "id of the row", group: "group", touchpoint: "touchpoint", campaign: "campaign", content: "content", staff: "staff", props: "property of the event…", trait: "trait of the member…", member: "Identity of the member", other: "Identity of the other member", otherOf: "the other's {kind}",
  },
  identity: { phone: "phone", name: "name or customer number", user: "user id of your system", unionid: "unionid", wecom: "WeCom external contact", openid: "openid", email: "e-mail", telegram: "Telegram", device: "device", anon: "anonymous id" },
  valueType: { text: "text", number: "number", integer: "whole number", decimal: "money (major units)", date: "date" },
  scope: {
    overview_read: "overview", members_read: "members", members_write: "write on members", members_reveal: "members in clear", members_export: "export", members_merge: "merge members", members_privacy: "privacy requests", insight_read: "queries", boards_write: "write boards", settings_read: "settings", settings_write: "write settings", staff_manage: "staff",
    keys_manage: "keys", imports_write: "imports", audit_read: "audit", system_read: "system", intake_write: "write events",
  },
  audit: { text: "who did what, and when; each entry is chained to the one before, so that changes show", at: "When", who: "Who", action: "Action", actionHint: "by action, such as staff.role_set", subject: "Subject", change: "Change", show: "Show", export: "Export", older: "Older", none: "No entries." },
  system: {
    version: "Version", uptime: "Up for", memory: "Memory", data: "Data", free: "Disk free", brands: "Brands", events: "events", parts: "parts", tail_events: "in the tail", writer_queue: "writer queue", docs: "API documentation", safety: "Verification and backup", verify: "Last verification", sound: "sound", unsound: "not sound",
    neverVerified: "Never verified. When the server is stopped, run", backup: "Last backup", neverBackedUp: "Never backed up.", backupNow: "Back up now", backupText: "The server goes on working; the backup is written outside the data directory.",
  },
  backupState: { running: "backing up", done: "done", failed: "failed" },
  systemMeans: { events: "events stored of this brand", parts: "column files the event log consists of; small ones are merged in the background", tail_events: "events safe on disk, but not yet in a part", writer_queue: "requests waiting to be written; when it stays above zero, writing does not keep up" },
  merge: { go: "Merge", title: "Merge members", text: "Find the other record of the same person, look at what they would be as one, then confirm. A merge can be undone: history and counters return to what they were.", find: "The other member", findHint: "name, phone or its last four, id m12…", nobody: "Nobody else found", choose: "This one", other: "Another", joined: "As one", clash: "Look twice", clashOf: "both have {kind}: {here} + {there}", over: "over the cap of {cap}", none: "No identities clash.", overSure: "Surely one person: merge over the cap", confirm: "Merge them", done: "{away} was merged into {member}", undone: "The merge was undone", history: "Merges", historyText: "who became one with whom, when and by whom; each can be undone", at: "When", who: "By", what: "Merge", rule: "a rule", hand: "by hand", conflict: "a judged conflict", undo: "Undo", undoneAt: "undone by {by}, {at}", undoText: "{moved} will be a member again; history and counters of both return to those of before, and what came later goes by its identity.", moved: "{moved} → {member}" },
  conflict: { title: "Conflicts", text: "Identities that would have made one of two members. No rule allowed it; a person judges.", open: "Open", later: "Later", merged: "Merged", apart: "Kept apart", none: "Nothing to judge", noneText: "Merges that rules refuse come here, such as one phone number on two accounts.", merge: "Merge", keepApart: "Not one person", put: "Later", keys: "Keys: J/K down and up, M merge, A not one person, L later", times: "seen {n} times", seen: "{from} to {to}", from: "from {source}", judged: "judged by {by}, {at}", more: "More", queue: "Queue of conflicts", link: "Conflicts", done: "Judged", brings: "whose event it was", owns: "whose identity it is" },
  cause: { cap: "as one they would be over the cap of a kind", public_key: "both are known, and the sender's key is public", rename: "the name to change to is somebody else's", taken: "who brings it has another account: perhaps a recycled number" },
  retention: {
    title: "How long what is kept", text: "everything until the member is erased, unless you say a number of days", props: "Values of event properties", find: "Find a property", notes: "Notes", traits: "Traits", consents: "Outdone consents", conflicts: "Judged conflicts", merges: "Undone merges", isPersonal: "personal", builtIn: "figures are made from it: for ever", forEver: "for ever",
    days: "{n} days, gone after {by}", cleared: "cleared up to {at}", keep: "Days to keep", keepHint: "from {min}; empty: for ever", purposeHint: "such as: which devices to support", personal: "These values are personal data", nothing: "Kept for ever: nothing goes.", wouldRows: "Now {n} of before {at} would go.", wouldValues: "Now {n} values of events of before {at} would go. The events stay.", goneBy: "A value is gone {by} days after its event at the latest.",
    usedBy: "These read it; their answers change:", use_segment: "segment", use_question: "question", unused: "No segment and no saved question reads it: no figure changes.", noProps: "No property of that name.", purges: "Purges", nextAt: "the next one {at}", now: "Purge now", byTimer: "by the timer", byAsked: "when asked", underWay: "under way", went0: "nothing had passed its days", parts: "{n} files written anew", noPurges: "Nothing was purged yet.",
  },
  privacy: { title: "Privacy", export: "Export all data", exportText: "All that is kept of this member, in clear, as JSON and CSV in a ZIP. Written to the audit.", erase: "Erase this member", eraseText: "All events, identities, traits and rows of this member will be gone for good, and go again when a backup is restored. A receipt without personal data stays.", confirm: "Type the name or id ({name}) to confirm", reason: "Reason", go: "Erase for good", receipt: "Receipt", receiptNo: "Receipt {n}", receiptText: "It holds numbers and ids only, no personal data.", download: "Download the receipt", close: "To the list of members", genuine: "genuine", altered: "not as it was written", events: "events", parts: "files written anew", identities: "identities", rows: "rows", list: "Receipts of erasures", listText: "who erased whom, and when; without personal data", none: "Nobody has been erased yet.", member: "Member", by: "By", at: "When", sum: "Checksum", older: "Older", inventory: "What is kept", inventoryText: "of each table: what for, how long, what is personal, and what exporting and erasing do", table: "Table", purpose: "For", retention: "How long", personal: "Personal", exported: "Exported as", erased: "When erased", deleted: "deleted", rewritten: "written anew", kept: "kept" },
  eraseReason: { asked: "the member asked", withdrew: "consent withdrawn", minor: "a minor", expired: "kept long enough", mistake: "collected by mistake", other: "other" },
};

export default en;
