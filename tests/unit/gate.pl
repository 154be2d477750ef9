# SPDX-License-Identifier: GPL-3.0-or-later

# Asks nginx/gate.pm as nginx does. Each line of input is a request, as JSON: the variables of nginx by their names, "address" of
# who asks, "now", and "call", one of the module's functions for nginx. Prints what it says of each. Each is asked twice: what
# was remembered must make no difference. The first argument is the module.

use strict;
use warnings;
no warnings "once";

our $now;
BEGIN { *CORE::GLOBAL::time = sub { $now } }

package Request;
sub variable { return $_[0]{$_[1]} }
sub remote_addr { return $_[0]{address} }

package main;
use JSON::PP ();
require shift;

$SIG{__WARN__} = sub { die @_ };
while (my $line = <STDIN>) {
    my $r = bless JSON::PP::decode_json($line), "Request";
    defined && utf8::encode($_) for values %$r;
    $now = $r->{now};
    ($JanusHlsGate::young, $JanusHlsGate::old) = ({}, {});
    my $call = JanusHlsGate->can($r->{call});
    my ($first, $second) = ($call->($r), $call->($r));
    print $first eq $second ? $first : "$first, then $second", "\n";
}
