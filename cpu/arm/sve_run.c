/* See sve_run.h. */
#include "cpu/arm/sve_run.h"

/* What m's element k is made of. */
static uint64_t second(const struct sve_run *r, const union sve_z *m,
                       uint64_t scalar, unsigned k)
{
    unsigned esz = r->o.esz, segment = k << esz & ~15u;
    unsigned half = esz ? esz - 1 : 0, index = r->o.imm & 255;
    uint64_t v;

    switch (r->o.second) {
    case SVE_SCALAR:
        return scalar;
    case SVE_ELEMENT:
        return sve_get(m, esz, (segment >> esz) + index);
    case SVE_HALF:
        v = sve_get(m, half, (segment >> half) + index);
        return v | v << sve_bits(half);
    default:
        v = m->d[(k << esz) / 8];
        return v > mask64((int)sve_bits(esz)) ? UINT64_MAX : v;
    }
}

void sve_begin(struct sve_run *r, struct vcpu *vcpu, uint64_t word,
               uint64_t scalar)
{
    const struct arm_cpu *cpu = arm_cpu(vcpu);
    union sve_z m;

    r->vcpu = vcpu;
    r->o = sve_unpack(word);
    r->vl = cpu->sve.vl;
    r->active = sve_p(cpu, r->o.g);
    r->scalar = scalar;
    sve_read(cpu, r->o.n, &r->n);
    if (r->o.second == SVE_REGISTER) {
        sve_read(cpu, r->o.m, &r->m);
        return;
    }
    sve_read(cpu, r->o.m, &m);
    for (unsigned k = 0; k < r->vl >> r->o.esz; k++) {
        sve_set(&r->m, r->o.esz, k, second(r, &m, scalar, k));
    }
}

void sve_begin_elements(struct sve_run *r, struct vcpu *vcpu, uint64_t word,
                        uint64_t scalar)
{
    const struct arm_cpu *cpu = arm_cpu(vcpu);

    sve_begin(r, vcpu, word, scalar);
    sve_read(cpu, r->o.a, &r->a);
    if (r->o.zero) {
        memset(&r->d, 0, sizeof(r->d));
    } else {
        sve_read(cpu, r->o.d, &r->d);
    }
}
