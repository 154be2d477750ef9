/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "keys/cpix_document.h"

#include <libxml/parser.h>
#include <libxml/tree.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <string.h>
#include <strings.h>

#include "base/uuid_text.h"
#include "keys/key_tag_text.h"

#define CPIX    "urn:dashif:org:cpix"
#define PSKC    "urn:ietf:params:xml:ns:keyprov:pskc"
#define OPTIONS (XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING | XML_PARSE_NOCDATA)

#define PSSH_HEAD 28 /* bytes of a 'pssh' up to behind its system (ISO/IEC 23001-7, 8.1) */

static const struct {
    const char *name, *uuid;
    const char *format; /* KEYFORMAT of its tag */
} systems[CPIX_SYSTEMS_MAX] = {
    {"widevine", "edef8ba9-79d6-4ace-a3c8-27dcd51d21ed",
     "urn:uuid:edef8ba9-79d6-4ace-a3c8-27dcd51d21ed"},
    {"playready", "9a04f079-9840-4286-ab92-e65be0885f95", "com.microsoft.playready"},
    {"fairplay", "94ce86fb-07ff-4f43-adb8-93d2fa968ca2", "com.apple.streamingkeydelivery"},
};

const char *cpix_system_name(CpixSystem system)
{
    return systems[system].name;
}

const char *cpix_system_uuid(CpixSystem system)
{
    return systems[system].uuid;
}

/* ---- XML ---- */

/* A document type begins: nothing of the document is wanted. */
static void refuse(void *context, const xmlChar *name, const xmlChar *id, const xmlChar *system)
{
    xmlParserCtxt *parser = context;

    (void)name;
    (void)id;
    (void)system;
    *(bool *)parser->_private = true;
    xmlStopParser(parser);
}

/* Returns NULL if it is no document, has a document type, or there is no memory. */
static xmlDoc *parse(const char *text, size_t len)
{
    xmlParserCtxt *parser = xmlNewParserCtxt();
    bool refused = false;

    if (!parser)
        return NULL;
    parser->_private = &refused;
    parser->sax->internalSubset = parser->sax->externalSubset = refuse;
    xmlDoc *document = xmlCtxtReadMemory(parser, text, (int)len, NULL, "UTF-8", OPTIONS);
    xmlFreeParserCtxt(parser);
    if (document && refused) {
        xmlFreeDoc(document);
        document = NULL;
    }
    return document;
}

static bool is_element(const xmlNode *node, const char *space, const char *name)
{
    return node->type == XML_ELEMENT_NODE && strcmp((const char *)node->name, name) == 0 &&
           node->ns && strcmp((const char *)node->ns->href, space) == 0;
}

/* The first such element from `node` on, among its siblings; NULL: there is none. */
static xmlNode *find(xmlNode *node, const char *space, const char *name)
{
    while (node && !is_element(node, space, name))
        node = node->next;
    return node;
}

/* The first such element within `node`, which may be NULL. */
static xmlNode *within(const xmlNode *node, const char *space, const char *name)
{
    return node ? find(node->children, space, name) : NULL;
}

/* An attribute without a namespace, borrowed; NULL: there is none, or it is no plain text. */
static const char *attribute(const xmlNode *node, const char *name)
{
    const xmlAttr *found = xmlHasProp(node, (const xmlChar *)name);
    const xmlNode *value = found ? found->children : NULL;

    return value && value->type == XML_TEXT_NODE && !value->next ? (const char *)value->content
                                                                 : NULL;
}

/* ---- values ---- */

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Decodes base64 (RFC 4648, section 4), with spaces in it. Returns how many bytes, or -1 if it is
 * none, or there is no room. */
static long decode(const char *text, uint8_t *out, size_t size)
{
    size_t n = 0, len = 0, padding = 0;
    uint8_t quad[4], bytes[3];

    for (; text && *text; text++) {
        if (is_space(*text))
            continue;
        if (padding > 0 && *text != '=')
            return -1;
        padding += *text == '=';
        quad[n++] = (uint8_t)*text;
        if (n < 4)
            continue;
        n = 0;
        if (padding > 2 || EVP_DecodeBlock(bytes, quad, 4) != 3 || size - len < 3 - padding)
            return -1;
        memcpy(out + len, bytes, 3 - padding);
        len += 3 - padding;
    }
    OPENSSL_cleanse(bytes, sizeof(bytes));
    return n == 0 ? (long)len : -1;
}

/* The text of an element that may be NULL, decoded; -1 as well if it holds more than text. */
static long decode_element(const xmlNode *node, uint8_t *out, size_t size)
{
    const xmlNode *text = node ? node->children : NULL;

    if (!text)
        return 0;
    return text->type == XML_TEXT_NODE && !text->next
               ? decode((const char *)text->content, out, size)
               : -1;
}

static bool has_id(const xmlNode *node, const uint8_t id[CPIX_KEY_SIZE])
{
    uint8_t kid[CPIX_KEY_SIZE];

    const char *text = attribute(node, "kid");

    return text && uuid_text_read(text, kid) && memcmp(kid, id, sizeof(kid)) == 0;
}

/* ---- the key ---- */

/* Returns NULL, or a sentence. */
static const char *read_key(const xmlNode *node, CpixKey *out)
{
    const xmlNode *secret = within(within(node, CPIX, "Data"), PSKC, "Secret");
    const xmlNode *plain = within(secret, PSKC, "PlainValue");
    const char *scheme = attribute(node, "commonEncryptionScheme"),
               *iv = attribute(node, "explicitIV");

    if (scheme && strcmp(scheme, "cbcs") != 0)
        return "the key is for another scheme than cbcs";
    if (!plain && within(secret, PSKC, "EncryptedValue"))
        return "the key is encrypted, and is taken in pskc:PlainValue alone";
    if (decode_element(plain, out->key, sizeof(out->key)) != sizeof(out->key))
        return "pskc:PlainValue is not base64 of 16 bytes";
    if (iv && decode(iv, out->iv, sizeof(out->iv)) != sizeof(out->iv))
        return "explicitIV is not base64 of 16 bytes";
    return NULL;
}

static const char *find_key(const xmlNode *root, CpixKey *out)
{
    const xmlNode *found = NULL;
    xmlNode *key = within(within(root, CPIX, "ContentKeyList"), CPIX, "ContentKey");

    for (; key; key = find(key->next, CPIX, "ContentKey")) {
        if (!has_id(key, out->id))
            continue;
        if (found)
            return "the key is there twice";
        found = key;
    }
    return found ? read_key(found, out) : "there is no ContentKey of the ID that was asked for";
}

/* ---- DRM systems ---- */

static uint32_t number_at(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

/* Whether this is one whole box 'pssh' of the system (ISO/IEC 23001-7, 8.1). */
static bool is_pssh(const uint8_t *box, size_t len, CpixSystem system)
{
    uint8_t uuid[CPIX_KEY_SIZE];
    size_t size_at = PSSH_HEAD; /* where the length of its data is */

    uuid_text_read(systems[system].uuid, uuid);
    if (len < size_at + 4 || number_at(box) != len || memcmp(box + 4, "pssh", 4) != 0 ||
        box[8] > 1 || memcmp(box + 12, uuid, sizeof(uuid)) != 0)
        return false;
    if (box[8] == 1) {
        size_t keys = number_at(box + size_at);
        size_at += 4;
        if (keys > (len - size_at) / CPIX_KEY_SIZE)
            return false;
        size_at += keys * CPIX_KEY_SIZE;
    }
    return size_at + 4 <= len && number_at(box + size_at) == len - size_at - 4;
}

static const char *read_pssh(const xmlNode *node, CpixSystem system, CpixKey *out)
{
    uint8_t *box = out->pssh + out->pssh_len;
    long len = decode_element(within(node, CPIX, "PSSH"), box, CPIX_PSSH_SIZE - out->pssh_len);

    if (len == 0)
        return NULL;
    if (len < 0 || !is_pssh(box, (size_t)len, system))
        return "PSSH is not base64 of one box of its system, or all are too long";
    out->system[system] = (CpixPssh){out->pssh_len, (size_t)len};
    out->pssh_len += (size_t)len;
    return NULL;
}

/* Adds each line that there is. */
static const char *add_tags(const char *text, size_t len, CpixSystem system, CpixKey *out)
{
    size_t n, used = strlen(out->tags);

    for (; len > 0; text += n, len -= n) {
        const char *end = memchr(text, '\n', len);
        n = end ? (size_t)(end - text) + 1 : len;
        size_t line = n;
        while (line > 0 && is_space(text[line - 1]))
            line--;
        if (line == 0)
            continue;
        if (!key_tag_text_valid(text, line, systems[system].format, out->iv))
            return "HLSSignalingData is no EXT-X-KEY of METHOD=SAMPLE-AES with the KEYFORMAT of "
                   "its system, and the vector of the key if any";
        if (line + 2 > CPIX_TAGS_SIZE - used)
            return "the tags of HLSSignalingData are too long";
        memcpy(out->tags + used, text, line);
        used += line;
        out->tags[used++] = '\n';
    }
    return NULL;
}

/* What a media playlist is to say; what is for others is left out. */
static const char *read_tags(const xmlNode *node, CpixSystem system, CpixKey *out)
{
    uint8_t text[CPIX_TAGS_SIZE];
    xmlNode *data = within(node, CPIX, "HLSSignalingData");
    const char *wrong = NULL;

    for (; data && !wrong; data = find(data->next, CPIX, "HLSSignalingData")) {
        const char *list = attribute(data, "playlist");
        if (list && strcmp(list, "media") != 0)
            continue;
        long len = decode_element(data, text, sizeof(text));
        wrong = len < 0 ? "HLSSignalingData is not base64, or too long"
                        : add_tags((const char *)text, (size_t)len, system, out);
    }
    return wrong;
}

static const char *read_system(const xmlNode *node, CpixSystem system, CpixKey *out)
{
    const char *wrong = read_pssh(node, system, out);

    return wrong ? wrong : read_tags(node, system, out);
}

/* In the order of CpixSystem. */
static const char *read_systems(const xmlNode *root, CpixKey *out)
{
    const xmlNode *list = within(root, CPIX, "DRMSystemList");
    const char *wrong = NULL;

    for (size_t i = 0; i < CPIX_SYSTEMS_MAX; i++) {
        xmlNode *node = within(list, CPIX, "DRMSystem");
        size_t found = 0;
        for (; node && !wrong; node = find(node->next, CPIX, "DRMSystem")) {
            const char *uuid = attribute(node, "systemId");
            if (!uuid || strcasecmp(uuid, systems[i].uuid) != 0 || !has_id(node, out->id))
                continue;
            wrong = ++found > 1 ? "a DRM system of the key is there twice"
                                : read_system(node, (CpixSystem)i, out);
        }
    }
    if (wrong || *out->tags)
        return wrong;
    return "no DRM system has HLSSignalingData of media playlists, which could name the key";
}

const char *cpix_document_read(const char *text, size_t len, const uint8_t id[CPIX_KEY_SIZE],
                               CpixKey *out)
{
    const char *wrong;

    memset(out, 0, sizeof(*out));
    if (len > CPIX_BYTES_MAX)
        return "the document is too long";
    memcpy(out->id, id, CPIX_KEY_SIZE);
    memcpy(out->iv, id, CPIX_KEY_SIZE);
    xmlDoc *document = parse(text, len);
    if (!document)
        return "it is no XML, or has a document type";
    const xmlNode *root = xmlDocGetRootElement(document);
    if (!root || !is_element(root, CPIX, "CPIX"))
        wrong = "it is no CPIX document";
    else if (!(wrong = find_key(root, out)))
        wrong = read_systems(root, out);
    xmlFreeDoc(document);
    if (wrong)
        OPENSSL_cleanse(out, sizeof(*out));
    return wrong;
}
