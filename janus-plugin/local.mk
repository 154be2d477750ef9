# SPDX-License-Identifier: GPL-3.0-or-later

# what of the plugin needs no Janus around it, for the tests too
noinst_LIBRARIES += libplugin.a
libplugin_a_SOURCES = \
	%D%/access/jwt.c \
	%D%/access/jwt_keys.c \
	%D%/access/jwt_sign.c \
	%D%/access/permit.c \
	%D%/access/permit_json.c \
	%D%/access/publish_claims.c \
	%D%/access/publish_tokens.c \
	%D%/access/revocations.c \
	%D%/access/stream_key.c \
	%D%/audit/audit_log.c \
	%D%/bridge/bridge_client.c \
	%D%/bridge/bridge_http.c \
	%D%/bridge/bridge_registry.c \
	%D%/core/file_stamp.c \
	%D%/core/plugin_clock.c \
	%D%/core/request.c \
	%D%/core/work_pool.c \
	%D%/hook/hook_answer.c \
	%D%/hook/hook_client.c \
	%D%/hook/hook_http.c \
	%D%/hook/hook_question.c \
	%D%/hook/hook_settings.c \
	%D%/publisher/key_tries.c \
	%D%/rtp/layer_map.c \
	%D%/rtp/rtp_sender.c \
	%D%/sdp/bridge_sdp.c \
	%D%/sdp/layer_names.c \
	%D%/sdp/sdp_answer.c \
	%D%/settings/plugin_settings.c \
	%D%/settings/plugin_values.c \
	%D%/settings/stream_settings.c
libplugin_a_CFLAGS = $(AM_CFLAGS) $(GLIB_CFLAGS) $(JANSSON_CFLAGS) $(CURL_CFLAGS) $(plugin_cflags)
plugin_libs = libplugin.a $(common_libs) $(GLIB_LIBS) $(JANSSON_LIBS) $(CURL_LIBS) -lpthread

# and the rest, for tests that have a stub of Janus
noinst_LIBRARIES += libpublisher.a
libpublisher_a_SOURCES = \
	%D%/audit/audit.c \
	%D%/desk/request_desk.c \
	%D%/desk/settings_care.c \
	%D%/plugin.c \
	%D%/publisher/admission.c \
	%D%/publisher/admission_hook.c \
	%D%/publisher/announcer.c \
	%D%/publisher/publisher.c \
	%D%/publisher/publisher_end.c \
	%D%/publisher/publisher_events.c \
	%D%/publisher/publisher_offer.c \
	%D%/publisher/publisher_status.c \
	%D%/session/media_relay.c \
	%D%/session/session.c
libpublisher_a_CPPFLAGS = $(AM_CPPFLAGS) $(JANUS_CPPFLAGS)
libpublisher_a_CFLAGS = $(libplugin_a_CFLAGS)
publisher_libs = libpublisher.a $(plugin_libs)

# makes what the plugin takes
bin_PROGRAMS += %D%/janus-hls-token
%C%_janus_hls_token_SOURCES = %D%/janus_hls_token.c
%C%_janus_hls_token_CFLAGS = $(libplugin_a_CFLAGS)
%C%_janus_hls_token_LDADD = $(plugin_libs)
if MAN_PAGES
man1_MANS += %D%/janus-hls-token.1
%D%/janus-hls-token.1: %D%/janus-hls-token %D%/janus-hls-token.h2m
	$(man_page) --section=1 --include=$(srcdir)/%D%/janus-hls-token.h2m %D%/janus-hls-token
CLEANFILES += %D%/janus-hls-token.1
endif

janusplugindir = $(janus_plugins_dir)
# to automake it is a program: all that it lacks of one is a start. `create` is what Janus asks for, and brings the rest
janusplugin_PROGRAMS = libjanus_hls.so
libjanus_hls_so_SOURCES =
libjanus_hls_so_LDFLAGS = $(AM_LDFLAGS) -shared -Wl,--undefined=create
libjanus_hls_so_LDADD = $(publisher_libs)

janusconfdir = $(janus_configs_dir)
dist_janusconf_DATA = %D%/janus.plugin.hls.jcfg.sample
# for a server in the internet: Janus's configuration, its user, a drop-in for its unit; and coturn's
janusserverdir = $(pkgdatadir)/janus
dist_janusserver_DATA = \
	%D%/server/janus-hls.conf \
	%D%/server/janus.transport.websockets.jcfg \
	%D%/server/sysusers.conf \
	%D%/server/turnserver.conf
janusserver_DATA = %D%/server/janus.jcfg
%D%/server/janus.jcfg: %D%/server/janus.jcfg.in Makefile
	$(fill_in) $(srcdir)/%D%/server/janus.jcfg.in >$@
CLEANFILES += %D%/server/janus.jcfg

# all that such a Janus loads
install-exec-hook:
	for folder in plugins transports events loggers; do \
	    $(MKDIR_P) "$(DESTDIR)$(pkglibdir)/$$folder" || exit 1; done
	ln -sf "$(janus_plugins_dir)/libjanus_hls.so" "$(DESTDIR)$(pkglibdir)/plugins/"
	ln -sf "$$(dirname "$(janus_plugins_dir)")/transports/libjanus_websockets.so" "$(DESTDIR)$(pkglibdir)/transports/"

uninstall-hook:
	rm -rf "$(DESTDIR)$(pkglibdir)"
