/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "keys/cpix_request.h"

#include <assert.h>
#include <inttypes.h>

#include "base/uuid_text.h"
#include "text_buffer.h"

static void add_system(TextBuffer *out, CpixSystem system, const char *kid)
{
    text_add(out, "  <cpix:DRMSystem kid=\"%s\" systemId=\"%s\">", kid, cpix_system_uuid(system));
    if (system != CPIX_FAIRPLAY) /* which has no boxes */
        text_add(out, "<cpix:PSSH/>");
    text_add(out, "<cpix:HLSSignalingData playlist=\"media\"/></cpix:DRMSystem>\n");
}

size_t cpix_request_write(const CpixRequest *request, char text[CPIX_REQUEST_SIZE])
{
    TextBuffer out = text_buffer(text, CPIX_REQUEST_SIZE);
    char kid[UUID_TEXT_SIZE];

    uuid_text_write(request->id, kid);
    text_add(&out,
             "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
             "<cpix:CPIX contentId=\"%s\" version=\"2.3\" xmlns:cpix=\"urn:dashif:org:cpix\" "
             "xmlns:pskc=\"urn:ietf:params:xml:ns:keyprov:pskc\">\n"
             " <cpix:ContentKeyList>\n"
             "  <cpix:ContentKey kid=\"%s\" commonEncryptionScheme=\"cbcs\"/>\n"
             " </cpix:ContentKeyList>\n <cpix:DRMSystemList>\n",
             request->stream, kid);
    for (unsigned i = 0; i < CPIX_SYSTEMS_MAX; i++)
        if (request->systems & 1U << i)
            add_system(&out, (CpixSystem)i, kid);
    text_add(&out,
             " </cpix:DRMSystemList>\n <cpix:ContentKeyPeriodList>\n"
             "  <cpix:ContentKeyPeriod id=\"period\" index=\"%" PRId64
             "\"/>\n"
             " </cpix:ContentKeyPeriodList>\n <cpix:ContentKeyUsageRuleList>\n"
             "  <cpix:ContentKeyUsageRule kid=\"%s\" intendedTrackType=\"ALL\">"
             "<cpix:KeyPeriodFilter periodId=\"period\"/></cpix:ContentKeyUsageRule>\n"
             " </cpix:ContentKeyUsageRuleList>\n</cpix:CPIX>\n",
             request->period, kid);
    assert(!out.overflow);
    return out.len;
}
