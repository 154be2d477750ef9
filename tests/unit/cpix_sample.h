/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CPIX_SAMPLE_H
#define CPIX_SAMPLE_H

/* What a key server answers, in pieces, so that tests can put others in their place. */

#define SAMPLE_KID  "0f8fad5b-d9cb-469f-a165-70867728950e"
#define WIDEVINE_ID "edef8ba9-79d6-4ace-a3c8-27dcd51d21ed"
#define FAIRPLAY_ID "94ce86fb-07ff-4f43-adb8-93d2fa968ca2"

/* A box of Widevine with two bytes of data. */
#define SAMPLE_PSSH "AAAAInBzc2gAAAAA7e+LqXnWSs6jyCfc1R0h7QAAAAIIAQ=="

/* #EXT-X-KEY:METHOD=SAMPLE-AES,URI="skd://1",KEYFORMAT="com.apple.streamingkeydelivery" */
#define FAIRPLAY_TAG                                                                               \
    "I0VYVC1YLUtFWTpNRVRIT0Q9U0FNUExFLUFFUyxVUkk9InNrZDovLzEiLEtFWUZPUk1BVD0iY29tLmFwcGxlLnN0cmVh" \
    "bWluZ2tleWRlbGl2ZXJ5Ig=="

#define SAMPLE_DECLARATION "<?xml version=\"1.0\" encoding=\"UTF-8\"?>"
#define SAMPLE_ROOT                                                                                \
    "<cpix:CPIX xmlns:cpix=\"urn:dashif:org:cpix\" "                                               \
    "xmlns:pskc=\"urn:ietf:params:xml:ns:keyprov:pskc\" version=\"2.3\">"
#define SAMPLE_SECRET                                                                              \
    "<cpix:Data><pskc:Secret><pskc:PlainValue>AAECAwQFBgcICQoLDA0ODw==</pskc:PlainValue>"          \
    "</pskc:Secret></cpix:Data>"
#define SAMPLE_KEY(attributes, data)                                                               \
    "<cpix:ContentKey kid=\"" SAMPLE_KID "\"" attributes ">" data "</cpix:ContentKey>"
#define SAMPLE_KEYS(keys) "<cpix:ContentKeyList>" keys "</cpix:ContentKeyList>"
#define SAMPLE_SYSTEM(id, inner)                                                                   \
    "<cpix:DRMSystem kid=\"" SAMPLE_KID "\" systemId=\"" id "\">" inner "</cpix:DRMSystem>"
#define SAMPLE_PSSH_OF(base64) "<cpix:PSSH>" base64 "</cpix:PSSH>"
#define SAMPLE_TAG(base64)                                                                         \
    "<cpix:HLSSignalingData playlist=\"media\">" base64 "</cpix:HLSSignalingData>"
#define SAMPLE_SYSTEMS(systems) "<cpix:DRMSystemList>" systems "</cpix:DRMSystemList>"
#define SAMPLE_ENDS             "</cpix:CPIX>"

#define SAMPLE_FAIRPLAY SAMPLE_SYSTEM(FAIRPLAY_ID, SAMPLE_TAG(FAIRPLAY_TAG))
#define SAMPLE_WIDEVINE SAMPLE_SYSTEM(WIDEVINE_ID, SAMPLE_PSSH_OF(SAMPLE_PSSH))

#define SAMPLE_OF(keys, systems) SAMPLE_DECLARATION SAMPLE_ROOT keys systems SAMPLE_ENDS

#endif
