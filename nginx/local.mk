# SPDX-License-Identifier: GPL-3.0-or-later

# what a server in the internet needs around the bridge: nginx, varnish, prometheus
monitoringdir = $(pkgdatadir)/monitoring
dist_monitoring_DATA = monitoring/alerts.yml monitoring/grafana.json

nginxdir = $(pkgdatadir)/nginx
dist_nginx_DATA = %D%/cors.conf %D%/gate.pm %D%/guard.conf %D%/no-gate.conf %D%/page.conf %D%/status.conf %D%/tokens.conf %D%/types.conf %D%/viewers.conf
nginx_DATA = %D%/edge.conf %D%/gate.conf %D%/production.conf %D%/site.conf
%D%/site.conf: %D%/site.conf.in Makefile
	$(fill_in) $(srcdir)/%D%/site.conf.in >$@
%D%/production.conf: LISTEN = $(PRODUCTION_LISTEN)
%D%/production.conf: HSTS = max-age=31536000
%D%/production.conf: %D%/production.conf.in %D%/site.conf.in Makefile
	$(fill_in) $(srcdir)/%D%/production.conf.in $(srcdir)/%D%/site.conf.in >$@
%D%/edge.conf: %D%/edge.conf.in Makefile
	$(fill_in) $(srcdir)/%D%/edge.conf.in >$@

%D%/gate.conf: %D%/gate.conf.in Makefile
	$(fill_in) $(srcdir)/%D%/gate.conf.in >$@

varnishdir = $(pkgdatadir)/varnish
varnish_DATA = varnish/edge.vcl
varnish/edge.vcl: varnish/edge.vcl.in Makefile
	$(fill_in) $(srcdir)/varnish/edge.vcl.in >$@
CLEANFILES += $(nginx_DATA) $(varnish_DATA)
