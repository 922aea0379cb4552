/* holdings.c - the list; see holdings.h. Only tables of this room are counted: those of others need
 * not be there. What a brand may limit (retention.h) is kept for ever until it says otherwise. */
#include "people/holdings.h"

#define LOG_OF_EVENTS "the history that everything shown is folded from"
#define WITH_BRAND "as long as the brand"
#define UNTIL_ERASED "until the member is erased"
#define OR_AS_SET "until the member is erased, or as the brand has set"

const struct holding holdings[] = {
    {"event",
     "at received persona other group touchpoint campaign content staff origin amount id kind"
     " props",
     "persona other", "props", LOG_OF_EVENTS, OR_AS_SET, "events", "rewritten", NULL, NULL},
    {"event_block", "first_seq count bytes", NULL, NULL, LOG_OF_EVENTS, "until sealed into a part",
     NULL, "rewritten", NULL, NULL},
    {"identity", "key kind persona verified first_seen source value sealed tail", "persona",
     "key value sealed tail", "to know one person by several names", UNTIL_ERASED, "identities",
     "deleted", "SELECT COUNT(*) FROM identity WHERE persona = $1", NULL},
    {"trait", "persona name type number value sealed at source", "persona", "number value sealed",
     "what is said of a member", OR_AS_SET, "traits", "deleted",
     "SELECT COUNT(*) FROM trait WHERE persona = $1", NULL},
    {"trait_before", "persona name origin type number value sealed at source kept_at",
     "persona origin", "number value sealed", "what an import overwrote, so that it can be undone",
     "90 days, until the next import", "overwritten", "deleted",
     "SELECT COUNT(*) FROM trait_before WHERE persona = $1",
     "DELETE FROM trait_before WHERE persona = $1"},
    {"member_tag", "persona tag at expires_at source run", "persona", "tag",
     "which tags a member has", UNTIL_ERASED, "tags", "deleted",
     "SELECT COUNT(*) FROM member_tag WHERE persona = $1", NULL},
    {"tag_rule", "tag segment keep at source", NULL, NULL, "the segments that give tags",
     "until it is removed", NULL, NULL, NULL, NULL},
    {"tag_hand", "tag persona", "persona", NULL,
     "from whom a tag that a rule gives was taken by hand", "until the rule is removed", NULL,
     "deleted", "SELECT COUNT(*) FROM tag_hand WHERE persona = $1",
     "DELETE FROM tag_hand WHERE persona = $1"},
    {"tag_ousted", "run persona tag at expires_at source was_run", "persona", NULL,
     "which tags one call has put in the place of others, so that it can be undone",
     "until the tag is removed", NULL, "deleted",
     "SELECT COUNT(*) FROM tag_ousted WHERE persona = $1",
     "DELETE FROM tag_ousted WHERE persona = $1"},
    {"note", "id persona author author_name sealed at changed_at", "persona", "sealed",
     "what staff write down about a member", OR_AS_SET, "notes", "deleted",
     "SELECT COUNT(*) FROM note WHERE persona = $1", NULL},
    {"consent_entry",
     "id persona purpose channel list granted guardian version at recorded_at way source evidence",
     "persona", "evidence", "the ledger of what a member consented to", OR_AS_SET, "consents",
     "deleted", "SELECT COUNT(*) FROM consent_entry WHERE persona = $1", NULL},
    {"member",
     "id seq as_of stage stage_since trust flags created_at last_seen events orders spent due_at"
     " state owner numbers",
     "id", "stage trust events orders spent state owner", "the fold of a member's events",
     UNTIL_ERASED, "standing", "deleted", "SELECT COUNT(*) FROM member WHERE id = $1", NULL},
    {"timer", "module kind subject due_at", "subject", NULL, "when to look at a member again",
     "until due", "standing", "deleted",
     "SELECT COUNT(*) FROM timer WHERE module = 'people' AND subject = $1", NULL},
    {"persona_member", "persona member merged_at", "persona member", NULL,
     "which personas are one member", UNTIL_ERASED, "merges", "deleted",
     "SELECT COUNT(*) FROM persona_member WHERE persona = $1", NULL},
    {"merge_log", "id at kept away a b how moved who undone_at undone_by source",
     "kept away a b moved", NULL, "who merged whom, so that it can be undone", UNTIL_ERASED,
     "merges", "deleted", "SELECT COUNT(*) FROM merge_log WHERE a = $1", NULL},
    {"identity_conflict",
     "id a b key kind cause source first_seen last_seen times state judged_at judged_by merge_id",
     "a b", "key", "identities that two members claim, to be judged", OR_AS_SET, "conflicts",
     "deleted", "SELECT COUNT(*) FROM identity_conflict WHERE a = $1", NULL},
    {"handover_member", "handover persona was was_hand", "persona", NULL,
     "who answered for a member, and since when another does", UNTIL_ERASED, "handovers", "deleted",
     "SELECT COUNT(*) FROM handover_member WHERE persona = $1", NULL},
    {"handover", "id at who reason staff undone_at undone_by", NULL, NULL,
     "who handed members over, and why", WITH_BRAND, NULL, NULL, NULL, NULL},
    {"owner_rule", "id rule days settled", NULL, NULL, "which contact answers for a member",
     WITH_BRAND, NULL, NULL, NULL, NULL},
    {"link_recall", "persona round at", "persona", NULL,
     "which links to the preference page were recalled", UNTIL_ERASED, NULL, "deleted",
     "SELECT COUNT(*) FROM link_recall WHERE persona = $1",
     "DELETE FROM link_recall WHERE persona = $1"},
    {"member_circle", "persona of_group circle since", "persona", "circle",
     "the circle of a group that a member is in", "until they leave it", "circles", "deleted",
     "SELECT COUNT(*) FROM member_circle WHERE persona = $1",
     "DELETE FROM member_circle WHERE persona = $1"},
    {"circle_change", "persona at of_group was circle kept_at", "persona", "was circle",
     "how the circle of a member changed", "800 days", "changes", "deleted",
     "SELECT COUNT(*) FROM circle_change WHERE persona = $1",
     "DELETE FROM circle_change WHERE persona = $1"},
    {"retention", "class days purpose personal cleared_to changed_at changed_by", NULL, NULL,
     "how long what is kept, as the brand has set it", WITH_BRAND, NULL, NULL, NULL, NULL},
    {"purge", "id began_at ended_at who parts", NULL, NULL, "what was purged when",
     "the newest 1,000", NULL, NULL, NULL, NULL},
    {"purge_count", "purge class before_at removed", NULL, NULL, "how much of what was purged",
     "with its purge", NULL, NULL, NULL, NULL},
    {"segment_list", "segment member", "member", NULL, "members of lists made by hand",
     UNTIL_ERASED, "lists", "deleted", NULL, NULL},
    {"segment_member", "segment chunk basis members", "members", NULL,
     "who is in a segment, worked out from the rest", "until it changes", NULL, "rewritten", NULL,
     NULL},
    {"member_score", "run member r f m alive orders value fall", "member",
     "r f m alive orders value fall", "what all buyers together say of each", "until the next day",
     "scores", "deleted", NULL, NULL},
    {"score_run", "id as_of made_at buyers r alpha a b log_likelihood p q v", NULL, NULL,
     "the latest scores", "until the next day", NULL, NULL, NULL, NULL},
    {"segment_due", "chunk due", NULL, NULL, "when to look at members of segments again",
     "until due", NULL, NULL, NULL, NULL},
    {"erased", "persona at", "persona", NULL, "numbers that are not given again", WITH_BRAND, NULL,
     "kept", NULL, NULL},
    {"erasure", "id at who reason member body sum", "member", NULL,
     "receipts of erasures, without personal data", WITH_BRAND, NULL, "kept", NULL, NULL},
    {"tag_group", "id name colour exclusive", NULL, NULL, "the groups of tags", WITH_BRAND, NULL,
     NULL, NULL, NULL},
    {"tag", "id name tag_group", NULL, NULL, "the tags there are", WITH_BRAND, NULL, NULL, NULL,
     NULL},
    {"tag_run", "id tag source at", NULL, NULL,
     "what one call has tagged, so that it can be undone", "until the tag is removed", NULL, NULL,
     NULL, NULL},
    {"consent_purpose", "purpose name_zh name_en basis channels", NULL, NULL,
     "what there is to consent to", WITH_BRAND, NULL, NULL, NULL, NULL},
    {"consent_text", "purpose version zh en at source", NULL, NULL,
     "the versions of what members consented to", WITH_BRAND, NULL, NULL, NULL, NULL},
    {"consent_list", "list purpose name_zh name_en shown", NULL, NULL,
     "lists that members may leave", WITH_BRAND, NULL, NULL, NULL, NULL},
    {"trait_name", "name type", NULL, NULL, "the type of each trait", WITH_BRAND, NULL, NULL, NULL,
     NULL},
    {"registry", "list number name label type", NULL, NULL, "the numbers of names", WITH_BRAND,
     NULL, NULL, NULL, NULL},
    {"part", "file first_seq last_seq rows size_bytes checksum at_min at_max", NULL, NULL,
     "which files hold events", WITH_BRAND, NULL, NULL, NULL, NULL},
    {"ids_file", "file count newest_at", NULL, NULL, "keyed hashes of senders' event ids",
     "48 hours or 10,000,000 ids", NULL, NULL, NULL, NULL},
    {"log_mark", "name seq", NULL, NULL, "up to where the log is folded", WITH_BRAND, NULL, NULL,
     NULL, NULL},
    {"schema_migration", "module number", NULL, NULL, "which tables there are", WITH_BRAND, NULL,
     NULL, NULL, NULL},
    {"module_fold", "module version", NULL, NULL, "which rules rows were folded by", WITH_BRAND,
     NULL, NULL, NULL, NULL},
    {"number_set", "version at who body applied", NULL, NULL,
     "the numbers of lifecycle, trust and RFM", WITH_BRAND, NULL, NULL, NULL, NULL},
    {"bulk_pending", "id", NULL, NULL, "that a load is to be folded", "until it is", NULL, NULL,
     NULL, NULL},
    {"import_file",
     "id key began_at changed_at row_offset done stored members_created merged by_time undone_at",
     NULL, NULL, "which files were imported", WITH_BRAND, NULL, NULL, NULL, NULL},
    {"segment", "id code kind name description expr author version created_at changed_at gone",
     NULL, NULL, "saved segments", "until deleted", NULL, NULL, NULL, NULL},
    {"segment_version", "segment version name expr author at", NULL, NULL,
     "what segments were before", WITH_BRAND, NULL, NULL, NULL, NULL},
    {"segment_mark", "id seq", NULL, NULL, "up to where segments are kept", WITH_BRAND, NULL, NULL,
     NULL, NULL},
    {"today_item",
     "id day made_at persona owner rule score number_n number_a number_b withheld state said_by"
     " state_at until because settled_at back",
     "persona", "rule number_n number_a number_b",
     "whom staff were to talk to and why, and what came of it", "400 days", "suggestions",
     "deleted", NULL, NULL},
    {"today_day", "day made_at held", NULL, NULL, "of which days lists were made", "400 days", NULL,
     NULL, NULL, NULL},
    {"today_rule",
     "code is_on live weight again_days expr say_en say_zh number_n number_a number_b author"
     " version changed_at",
     NULL, NULL, "reasons for suggestions that differ from those that come with the product",
     "until deleted", NULL, NULL, NULL, NULL},
    {"today_setting", "id enabled hour per_day", NULL, NULL, "when lists are made, and how long",
     WITH_BRAND, NULL, NULL, NULL, NULL},
    {"group_record",
     "code name used_for channel channel_id owner helpers capacity hard_limit tags target purpose"
     " audience gain about rhythm rules ending archived_at version created_at changed_at "
     "changed_by",
     NULL, NULL, "what the brand says of its groups", WITH_BRAND, NULL, NULL, NULL, NULL},
    {"group_family",
     "id name qr hours share version created_at changed_at changed_by opens put_off_groups"
     " put_off_full",
     NULL, NULL, "groups behind one entrance, and when the next is wanted", "until deleted", NULL,
     NULL, NULL, NULL},
    {"group_family_member", "code family place", NULL, NULL, "which groups are of a family",
     "until deleted", NULL, NULL, NULL, NULL},
    {"group_account", "of_group persona role confirmed person said_by at", "persona", "role person",
     "which accounts of groups are of staff, bots or partners", UNTIL_ERASED, "group_roles",
     "deleted", NULL, NULL},
    {"said", "id of_group at persona staff origin message reply_to type text edited_at recalled_at",
     "persona", "text message reply_to", "what was said in groups, to be read and searched",
     "90 days, or as the brand has set", "messages", "deleted", NULL, NULL},
    {"group_health",
     "of_group day made_at archetype unclear confidence monologue staged self_centred self_driven"
     " led_score staff echo led unprompted dialogue breadth ignored timetable departments staging"
     " members messages posts questions unanswered suspects core influence periphery",
     NULL, NULL, "how groups were, day by day", "800 days", NULL, NULL, NULL, NULL},
    {"group_suspect", "of_group persona verdict note said_by at", "persona", "verdict note",
     "whether accounts that seem planted are", UNTIL_ERASED, "group_suspects", "deleted", NULL,
     NULL},
    {"moderation_rule",
     "id kind action is_on whole exempt traces newcomer_hours number seconds mute_hours name"
     " in_groups terms allow author version changed_at",
     NULL, NULL, "rules of order in groups", "until deleted", NULL, NULL, NULL, NULL},
    {"moderation_rule_version",
     "id kind action is_on whole exempt traces newcomer_hours number seconds mute_hours name"
     " in_groups terms allow author version changed_at",
     NULL, NULL, "what those rules were before", "20 versions of each", NULL, NULL, NULL, NULL},
    {"moderation_case",
     "id seq at last_at times persona grp rule rule_version kind action mute_hours what quote"
     " span_from span_to message others state said_by said_at note task task_by task_at",
     "persona", "quote what", "what rules of order found in messages, and what staff made of it",
     "180 days", "moderation", "deleted", NULL, NULL},
    {"moderation_tally", "day rule acted counted", NULL, NULL, "how much each rule found",
     "180 days", NULL, NULL, NULL, NULL},
    {"moderation_joined", "grp persona at", "persona", NULL,
     "who has just come into a group, for rules about newcomers", "30 days", NULL, "deleted", NULL,
     NULL},
    {"moderation_mark", "id at persona ad grams said author", "persona", NULL,
     "what the sieve for ads was taught: numbers of characters in twos and threes, no words",
     "the newest 5,000", NULL, "deleted", NULL, NULL},
    {"saved", "id kind name body author version created_at changed_at", NULL, NULL,
     "questions, boards and mappings of imports", "until deleted", NULL, NULL, NULL, NULL},
    {"upload",
     "id mark name bytes kept dry_run author created_at finished_at options counts tried rejects "
     "reason files undone sampled",
     NULL, "sampled", "files uploaded to be imported", "7 days, or until a member is erased", NULL,
     "deleted", NULL, NULL},
    {0},
};

size_t holdings_number(void)
{
    return sizeof(holdings) / sizeof(holdings[0]) - 1;
}

enum err holdings_erase(struct tx *tx, uint32_t persona)
{
    for (const struct holding *h = holdings; h->table; h++) {
        if (!h->remove) continue;
        struct sql_stmt *s = sql_use(tx_sql(tx), h->remove);
        sql_bind_int(s, 1, persona);
        TRY(sql_run(s));
    }
    return ERR_OK;
}

enum err holdings_count(struct sql *db, uint32_t persona, uint64_t *counts)
{
    for (size_t i = 0; holdings[i].table; i++) {
        int64_t rows;
        if (!holdings[i].count) continue;
        struct sql_stmt *s = sql_use(db, holdings[i].count);
        sql_bind_int(s, 1, persona);
        TRY(sql_number(s, 0, &rows));
        counts[i] += (uint64_t)rows;
    }
    return ERR_OK;
}
