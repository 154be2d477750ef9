# SPDX-License-Identifier: GPL-3.0-or-later

# what of the plugin needs no Janus around it, for the tests too
noinst_LTLIBRARIES += libplugin.la
libplugin_la_SOURCES = \
	%D%/bridge_client.c \
	%D%/bridge_http.c \
	%D%/bridge_registry.c \
	%D%/bridge_sdp.c \
	%D%/key_tries.c \
	%D%/layer_map.c \
	%D%/layer_names.c \
	%D%/plugin_clock.c \
	%D%/plugin_settings.c \
	%D%/request.c \
	%D%/rtp_sender.c \
	%D%/sdp_answer.c \
	%D%/work_pool.c
libplugin_la_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/%D%
libplugin_la_CFLAGS = $(AM_CFLAGS) $(GLIB_CFLAGS) $(JANSSON_CFLAGS) $(CURL_CFLAGS) -fvisibility=hidden
libplugin_la_LIBADD = libcommon.la $(GLIB_LIBS) $(JANSSON_LIBS) $(CURL_LIBS) -lpthread

# and the rest, for tests that have a stub of Janus
noinst_LTLIBRARIES += libpublisher.la
libpublisher_la_SOURCES = \
	%D%/admission.c \
	%D%/announcer.c \
	%D%/media_relay.c \
	%D%/plugin.c \
	%D%/publisher.c \
	%D%/publisher_end.c \
	%D%/publisher_events.c \
	%D%/publisher_offer.c \
	%D%/publisher_status.c \
	%D%/request_desk.c \
	%D%/session.c
libpublisher_la_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/%D% $(JANUS_CPPFLAGS)
libpublisher_la_CFLAGS = $(libplugin_la_CFLAGS)
libpublisher_la_LIBADD = libplugin.la

janusplugindir = $(janus_plugins_dir)
janusplugin_LTLIBRARIES = libjanus_hls.la
libjanus_hls_la_SOURCES =
# Janus loads plugins into one global name space: `create` is all that leaves this one
libjanus_hls_la_LDFLAGS = $(AM_LDFLAGS) -module -avoid-version -shared -export-symbols-regex '^create$$'
libjanus_hls_la_LIBADD = libpublisher.la $(GLIB_LIBS) $(JANSSON_LIBS) -lpthread

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
