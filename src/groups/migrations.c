/* migrations.c - the tables of the groups room, step by step: a step that was released never
 * changes. */
#include "groups/internal.h"

const struct migration groups_migrations[] = {
    {1, "CREATE TABLE group_record (code {int} PRIMARY KEY, name {text} NOT NULL, used_for {int}"
        " NOT NULL, channel {text} NOT NULL, channel_id {text} NOT NULL, owner {text} NOT NULL,"
        " helpers {text} NOT NULL, capacity {int} NOT NULL, hard_limit {int} NOT NULL,"
        " tags {text} NOT NULL, target {int} NOT NULL, purpose {text} NOT NULL,"
        " audience {text} NOT NULL, gain {text} NOT NULL, about {text} NOT NULL,"
        " rhythm {text} NOT NULL, rules {text} NOT NULL, ending {text} NOT NULL,"
        " archived_at {int}, version {int} NOT NULL, created_at {int} NOT NULL,"
        " changed_at {int} NOT NULL, changed_by {text} NOT NULL);"
        "CREATE TABLE group_account (of_group {int} NOT NULL, persona {int} NOT NULL,"
        " role {int} NOT NULL, confirmed {int} NOT NULL, person {text} NOT NULL,"
        " said_by {text} NOT NULL, at {int} NOT NULL, PRIMARY KEY (of_group, persona));"
        "CREATE INDEX group_account_persona ON group_account (persona)"},
    {2, "CREATE TABLE group_family (id {int} PRIMARY KEY, name {text} NOT NULL, qr {int} NOT NULL,"
        " hours {int} NOT NULL, share {int} NOT NULL, version {int} NOT NULL,"
        " created_at {int} NOT NULL, changed_at {int} NOT NULL, changed_by {text} NOT NULL);"
        "CREATE TABLE group_family_member (code {int} PRIMARY KEY, family {int} NOT NULL,"
        " place {int} NOT NULL);"
        "CREATE INDEX group_family_member_family ON group_family_member (family, place)"},
    {3, "ALTER TABLE group_family ADD COLUMN opens {int} NOT NULL DEFAULT 0"},
    {4, "ALTER TABLE group_family ADD COLUMN put_off_groups {int} NOT NULL DEFAULT 0;"
        "ALTER TABLE group_family ADD COLUMN put_off_full {int} NOT NULL DEFAULT 0"},
    {0, NULL},
};
