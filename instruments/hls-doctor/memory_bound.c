/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "memory_bound.h"

#include "resident_bytes.h"

bool memory_bound_is_reached(int64_t most, Findings *findings)
{
    if (resident_bytes() < most)
        return false;
    findings_remark(findings, "watching ended early, since it took too much memory",
                    "%" PRId64 " MB; --memory says how much it may take", most >> 20);
    return true;
}
