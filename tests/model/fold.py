"""What definitions.md (sections on lifecycle, trust, orders, fields) says of one member at one moment.

A history is the list of the member's own events in order of (at, commit). Nothing is kept from one
moment to the next: every answer looks at all events up to the moment, and at nothing else. Written
from the definitions, not from the product's code."""
import bisect
import zoneinfo
from datetime import datetime, timezone

SECOND, HOUR, DAY = 1000, 3_600_000, 86_400_000
NEVER = float("-inf")

DORMANT, SILENT, LEFT, STANDS = 14 * DAY, 90 * DAY, 24 * HOUR, 180 * DAY
WINDOW, BEFORE, QUIET, RETURNED = 28 * DAY, 84 * DAY, 90 * DAY, 28 * DAY

INTERACTION = {"message.sent", "message.reacted", "dm.received", "content.shared", "checkin.done", "survey.answered",
               "live.attended", "class.attended", "testimonial.submitted", "campaign.joined", "invite.accepted"}
ACT = INTERACTION | {"order.paid", "voucher.redeemed"}
LOOK = {"content.viewed", "touch.opened", "touch.clicked", "touchpoint.clicked", "page.viewed"}
JOIN = {"contact.added", "group.joined"}
INBOUND = ACT | LOOK | {"touchpoint.scanned", "touchpoint.clicked", "page.viewed"}
EFFECTIVE = {"message.answered", "checkin.done", "survey.answered", "live.attended", "class.attended",
             "testimonial.submitted", "voucher.redeemed"}
SPREAD = {"invite.paid", "invite.qualified"}
SHARES = {"share.clicked", "invite.qualified", "testimonial.approved"}
INFORMED = {"live.attended", "class.attended", "sample.given"}
# What is done with a member, not by or to them: in no figure.
BOOKKEEPING = {"member.merged", "member.unmerged", "member.tagged", "member.untagged", "member.assigned"}

TRUST = ("unaware", "curious", "acquainted", "informed", "familiar", "bought", "shares")


class Zone:
    """Calendar days of an IANA zone, as the number of days since 1970."""

    def __init__(self, name):
        self.zone = zoneinfo.ZoneInfo(name)
        self.days = {}

    def local(self, at):
        return datetime.fromtimestamp(at // 1000, timezone.utc).astimezone(self.zone)

    def day(self, at):
        quarter = at // 900_000  # no zone is off by a part of one nowadays
        if quarter not in self.days:
            self.days[quarter] = self.local(at).toordinal() - 719163
        return self.days[quarter]

    def start(self, day):
        """The first instant of a day: the day before ends there."""
        d = datetime.fromordinal(day + 719163)
        return int(datetime(d.year, d.month, d.day, tzinfo=self.zone).timestamp()) * 1000


class Event:
    __slots__ = ("at", "seq", "persona", "kind", "group", "staff", "content", "touchpoint", "campaign", "other",
                 "amount", "props", "known")

    def __init__(self, **fields):
        for name in self.__slots__:
            setattr(self, name, fields.get(name))
        self.props = self.props or {}


class Moment:
    """One member's history as far as it reaches at 't', and the questions that the rules ask of it."""

    def __init__(self, history, t, zone):
        self.t, self.zone, self.history = t, zone, history
        self.events = history.events[: bisect.bisect_right(history.times, t)]

    def last(self, kinds):
        return next((e.at for e in reversed(self.events) if e.kind in kinds), NEVER)

    def first(self, kinds):
        return next((e.at for e in self.events if e.kind in kinds), NEVER)

    def days(self, kinds, after, until):
        return {self.zone.day(e.at) for e in self.events if e.kind in kinds and after < e.at <= until}

    # ---- orders ----

    def orders(self):
        """Each as (time, amount, refunded, stands, void since); in order of their payment's time."""
        paid, refunds, found = {}, {}, []
        for e in self.events:
            name = e.props.get("order")
            if e.kind == "order.paid":
                paid.setdefault(name if name is not None else e, []).append(e)
            elif e.kind == "order.refunded" and name is not None:
                refunds.setdefault(name, []).append(e)
        for name, lines in paid.items():
            amount, refunded, void = sum(e.amount or 0 for e in lines), 0, None
            for e in refunds.get(name, []) if isinstance(name, str) else []:
                refunded += abs(e.amount or 0)
                if void is None and (e.amount is None or refunded >= amount):
                    void = e.at
            stands = void is None
            found.append((lines[-1].at, lines[-1].seq, amount, refunded, stands, None if stands else max(void, lines[-1].at)))
        return sorted(found, key=lambda o: o[:2])

    def standing(self, within=None):
        return [o for o in self.orders() if o[4] and (within is None or o[0] > self.t - within)]

    def spent(self):
        loose = sum(abs(e.amount or 0) for e in self.events if e.kind == "order.refunded" and e.props.get("order") is None)
        return sum(o[2] - o[3] for o in self.standing()) - loose

    def gap(self):
        """(span in days, gaps) between order days; (0, 0) of fewer than two."""
        days = self.days({"order.paid"}, NEVER, self.t)
        return (max(days) - min(days), len(days) - 1) if len(days) >= 2 else (0, 0)

    def in_rhythm(self):
        span, gaps = self.gap()
        return gaps >= 2 and 2 * (self.t - self.last({"order.paid"})) * gaps < 3 * span * DAY

    # ---- groups and contact lists ----

    def places(self):
        """(groups, lists, since when in none of them or None). One that an event does not name is one of its own."""
        groups, lists, left = set(), set(), None
        for e in self.events:
            was = bool(groups or lists)
            if e.kind == "group.joined":
                groups.add(e.group)
            elif e.kind == "group.left":
                groups.discard(e.group)
            elif e.kind == "contact.added":
                lists.add(e.staff)
            elif e.kind == "contact.deleted":
                lists.discard(e.staff)
            if groups or lists:
                left = None
            elif was:
                left = e.at
        return groups, lists, left

    # ---- owner ----

    def owner(self, rule="first", days=28):
        by_hand = [e for e in self.history.all if e.kind == "member.assigned" and e.at <= self.t]
        if by_hand and by_hand[-1].staff:
            return by_hand[-1].staff
        came = {}  # contact -> since when on their list
        for e in self.events:
            if e.kind == "contact.added" and e.staff:
                came.setdefault(e.staff, e.at)
            elif e.kind == "contact.deleted":
                came.pop(e.staff, None)
        if not came:
            return None
        first = min(came, key=lambda staff: (came[staff], staff))
        if rule == "first":
            return first
        if rule == "last":
            return min(came, key=lambda staff: (-came[staff], staff))
        talk = [(self.zone.day(e.at), e.at, e.staff) for e in self.events if e.staff and "template" not in e.props
                and e.kind in ("dm.received", "dm.sent", "message.answered")]
        recent = [t for t in talk if t[0] > talk[-1][0] - days]
        on = {staff: len({day for day, _, s in recent if s == staff}) for staff in came}
        last = {staff: max((at for _, at, s in recent if s == staff), default=NEVER) for staff in came}
        return min(came, key=lambda staff: (-on[staff], -last[staff], came[staff], staff))

    # ---- lifecycle ----

    def churn(self):
        left = self.places()[2]
        if left is not None and self.t - left >= LEFT:
            return "left"
        orders = self.orders()
        if orders and not orders[-1][4] and not self.standing(STANDS) and self.last(ACT) <= orders[-1][5]:
            return "refunded"
        span, gaps = self.gap()
        silence = self.t - self.last(ACT | LOOK | JOIN)
        if silence >= SILENT and (gaps == 0 or silence * gaps >= 2 * span * DAY):
            return "silent"
        return None

    def dormant(self, joined):
        if self.t - self.last(ACT | JOIN) >= DORMANT and not self.in_rhythm():
            return True
        length = min(BEFORE, self.t - WINDOW - joined)
        if length < WINDOW:
            return False
        before = len(self.days(ACT, self.t - WINDOW - BEFORE, self.t - WINDOW))
        now = len(self.days(ACT, self.t - WINDOW, self.t))
        # the mean per 28 d is before * WINDOW / length
        return before * WINDOW >= 4 * length and 4 * now * length <= before * WINDOW

    def effective(self):
        return (len(self.days(ACT, self.t - WINDOW, self.t)) >= 2
                or any(e.kind in EFFECTIVE for e in self.events)
                or any(e.kind in ("message.sent", "dm.received") and e.props.get("question") is True for e in self.events)
                or bool(self.standing()) or self.in_rhythm())

    def stage(self):
        """The lifecycle stage; None of a visitor."""
        joined = self.first(ACT | JOIN)
        if joined == NEVER:
            return "potential" if any(e.known for e in self.events) else None
        if self.churn():
            return "churned"
        if self.dormant(joined):
            return "dormant"
        if self.standing(STANDS) and self.last(SPREAD) > self.t - STANDS:
            return "core"
        if (len(self.days(ACT, self.t - WINDOW, self.t)) >= 4 and self.last(INTERACTION) > self.t - WINDOW
                and len(self.standing(STANDS)) >= 2):
            return "active"
        return "effective" if self.effective() else "new"

    # ---- trust ----

    def exchanges(self):
        """(day of the answer, with staff?) of each."""
        return self.talk()[0]

    def waiting(self):
        """The direct message that is not answered; None if there is none, or the last word is theirs."""
        _, used, direct = self.talk()
        said = [e for e in direct if e.kind != "message.answered"]
        return said[-1] if said and said[-1].kind == "dm.received" and said[-1] not in used else None

    def talk(self):
        found, used = [], set()
        direct = [e for e in self.events if e.kind in ("dm.received", "dm.sent", "message.answered") and "template" not in e.props]
        for i, e in enumerate(direct):
            other = {"dm.received": "dm.sent", "dm.sent": "dm.received", "message.answered": "dm.received"}[e.kind]
            before = [d for d in direct[:i] if d.kind == other]
            asked = before[-1] if before else None
            if e.kind == "message.answered":
                if e.group is None and asked and asked.at < e.at:
                    used.add(asked)
                found.append((self.zone.day(e.at), e.staff is not None))
            elif asked and asked not in used and e.at - asked.at < DAY:
                used.update((asked, e))
                found.append((self.zone.day(e.at), e.staff is not None or asked.staff is not None))
        return found, used, direct

    def trust(self):
        groups, lists, left = self.places()
        if left is not None:
            return "bought" if self.standing(STANDS) else "curious"
        if self.last(SHARES) != NEVER:
            return "shares"
        if self.standing():
            return "bought"
        talks = self.exchanges()
        if len(talks) >= 3 and len({day for day, _ in talks}) >= 2 and sum(staff for _, staff in talks) >= 2:
            return "familiar"
        items = {e.content for e in self.events if e.kind == "content.viewed"} - {None}
        if len(items) >= 3 or self.last(INFORMED) != NEVER:
            return "informed"
        if self.last(JOIN) != NEVER:
            return "acquainted"
        return "curious" if self.last(INBOUND) != NEVER else "unaware"


class History:
    """A member's own events; answers as of any moment."""

    def __init__(self, events, zone):
        self.zone = zone
        self.all = sorted(events, key=lambda e: (e.at, e.persona, e.seq))
        self.events = [e for e in self.all if e.kind not in BOOKKEEPING]
        self.times = [e.at for e in self.events]
        self.moments = {}

    def at(self, t):
        if t not in self.moments:
            self.moments[t] = Moment(self, t, self.zone)
        return self.moments[t]

    def returned(self, t):
        """Left churned within 28 d. Only an event can end it."""
        return any(t - RETURNED < x <= t and self.at(x - 1).stage() == "churned" and self.at(x).stage() != "churned"
                   for x in sorted(set(self.times)))

    def peak(self, t):
        return max((TRUST.index(self.at(x).trust()) for x in set(self.times) if x <= t), default=0)

    def facts(self, t, rule=("first", 28)):
        """Everything that is kept of a member, at 't'; 'rule' is the brand's for owners."""
        m = self.at(t)
        stage, joined = m.stage(), m.first(ACT | JOIN)
        groups, lists, _ = m.places()
        return {
            "lifecycle": stage,
            "churn": m.churn() if joined != NEVER else None,
            "trust": m.trust(),
            "peak": TRUST[self.peak(t)],
            "returned": self.returned(t),
            "outside": joined != NEVER and m.last(JOIN) == NEVER,
            "reads": stage == "dormant" and m.last(LOOK) > t - WINDOW,
            "silent_buyer": bool(m.standing()) and m.last({"message.sent"}) <= t - QUIET,
            "created": m.events[0].at if m.events else None,
            "joined": none(joined),
            "last_seen": m.events[-1].at if m.events else None,
            "last_interaction": none(m.last(INTERACTION)),
            "last_order": none(m.last({"order.paid"})),
            "last_act": none(m.last(ACT)),
            "events": len(m.events),
            "orders": len(m.standing()),
            "spent": m.spent(),
            "invited": sum(e.kind == "invite.accepted" for e in m.events),
            "qualified": sum(e.kind == "invite.qualified" for e in m.events),
            "contacts": len(lists),
            "owner": m.owner(*rule),
            "groups": sorted(g or "?" for g in groups),  # "?": without a name
        }

    def changes(self, t):
        """Derived events up to 't': (at, what, from, to). A stage can change only at an event, or when something that
        was at an event's time becomes so old; each of these moments is looked at."""
        span, gaps = self.at(t).gap()
        ages = {0, DORMANT, SILENT, LEFT, STANDS, WINDOW, WINDOW + BEFORE, 2 * WINDOW}
        found, was, trusted = [], None, None
        moments = {x + age for x in self.times for age in ages}
        for x in self.times:  # in rhythm and silent go by the gaps of that moment; the mean by the time since joining
            span, gaps = self.at(x).gap()
            if gaps:
                moments |= {y + -(-n * span * DAY // (2 * gaps)) for y in self.times for n in (3, 4)}
        joined = self.at(t).first(ACT | JOIN)
        if joined != NEVER:  # of the mean, which sinks from the 28th to the 84th day: length = before * WINDOW / (4 * now)
            most = len(self.at(t).days(ACT, NEVER, t))
            for now in range(1, most + 1):
                for before in range(4 * now, min(12 * now, most) + 1):
                    moments |= {joined + WINDOW + before * WINDOW // (4 * now) + d for d in (0, 1)}
            moments |= {joined + WINDOW + n * WINDOW // 4 + d for n in range(4, 13) for d in (0, 1)}
        for x in sorted(m for m in moments if m <= t):
            stage, trust = self.at(x).stage(), self.at(x).trust()
            if stage != was:
                found.append((x, "lifecycle", was, stage))
            if trust != trusted:
                found.append((x, "trust", trusted, trust))
            was, trusted = stage, trust
        return found


def none(at):
    return None if at == NEVER else at
