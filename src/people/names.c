/* names.c - what the fold knows of this brand's kinds and properties, kept in step with the
 * registry. */
#include "people/internal.h"

static enum err own_kind(struct tx *tx, const char *name, int *code)
{
    uint16_t c;
    struct why why;
    TRY(registry_kind(tx, str_of(name), (struct str){NULL, 0}, &c, &why));
    *code = c;
    return ERR_OK;
}

/* Register the kinds and properties that the room itself writes. */
static enum err register_own(struct tx *tx, struct people *p)
{
    struct why why;
    TRY(own_kind(tx, "member.created", &p->kind_created));
    TRY(own_kind(tx, "member.identified", &p->kind_identified));
    TRY(own_kind(tx, "member.merged", &p->kind_merged));
    TRY(own_kind(tx, "member.unmerged", &p->kind_unmerged));
    TRY(own_kind(tx, "member.assigned", &p->kind_assigned));
    TRY(own_kind(tx, "group.joined", &p->kind_group_joined));
    TRY(own_kind(tx, "message.answered", &p->kind_answered));
    TRY(own_kind(tx, "lifecycle.changed", &p->names.kind_lifecycle));
    TRY(own_kind(tx, "trust.changed", &p->names.kind_trust));
    TRY(registry_prop(tx, STR("order"), PROP_TEXT, &p->names.prop_order, &why));
    TRY(registry_prop(tx, STR("question"), PROP_BOOL, &p->names.prop_question, &why));
    TRY(registry_prop(tx, STR("known"), PROP_BOOL, &p->names.prop_known, &why));
    TRY(registry_prop(tx, STR("template"), PROP_BOOL, &p->names.prop_template, &why));
    TRY(registry_prop(tx, STR("inferred"), PROP_BOOL, &p->prop_inferred, &why));
    TRY(registry_prop(tx, STR("from"), PROP_TEXT, &p->names.prop_from, &why));
    TRY(registry_prop(tx, STR("to"), PROP_TEXT, &p->names.prop_to, &why));
    return own_kind(tx, "circle.changed", &p->names.kind_circle);
}

void names_refresh(struct people *p)
{
    uint32_t count = registry_kind_count(p->brand) + 1;
    if (count <= p->role_count) return;
    p->roles = mem_resize_array(p->roles, count, sizeof(p->roles[0]));
    for (uint32_t code = p->role_count; code < count; code++) {
        p->roles[code] = code ? fold_kind_roles(registry_kind_name(p->brand, (int)code)) : 0;
    }
    p->role_count = count;
    p->names.roles = p->roles;
    p->names.kind_count = count;
}

static struct str staff_text(void *ctx, uint32_t code)
{
    return registry_code_text(ctx, DIM_STAFF, code);
}

enum err names_open(struct people *p, struct tx *tx)
{
    TRY(numbering_open(p, tx));
    if (!identity_caps_parse(str_of(brand_caps(p->brand)), &p->caps)) return ERR_INVALID;
    p->names.zone = brand_zone(p->brand);
    p->names.staff_text = staff_text;
    p->names.staff_ctx = p->brand;
    TRY(register_own(tx, p));
    p->shared_names = p->names;
    names_refresh(p);
    return ERR_OK;
}

void people_fold_names(struct brand *b, struct arena *a, struct fold_names *out)
{
    struct people *p = brand_module_state(b, &people_module);
    uint32_t count = registry_kind_count(b) + 1;
    uint32_t *roles = arena_alloc_array(a, count, sizeof(*roles));
    pthread_mutex_lock(&p->numbering.lock);
    *out = p->shared_names;
    pthread_mutex_unlock(&p->numbering.lock);
    owners_rule(p, &out->rules);
    for (uint32_t code = 1; code < count; code++) {
        roles[code] = fold_kind_roles(registry_kind_name(b, (int)code));
    }
    out->roles = roles;
    out->kind_count = count;
}
