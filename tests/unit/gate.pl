# SPDX-License-Identifier: GPL-3.0-or-later

# Asks nginx/gate.pm as nginx does. Each line of input is a request, as JSON: the variables of nginx by their names, "address" of
# who asks, "now", and "call", one of the module's functions for nginx. Prints what it says of each. Each is asked twice: what
# was remembered must make no difference. "later" has what differs the second time. The first argument is the module. With a second one, of how many may be remembered, each
# is asked once, all is remembered, and what is printed is how much that is: of the newer ones, and of the older ones; after "note" of sessions that a webhook lets in.

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
my $bound = shift;
$JanusHlsGate::known = $bound if $bound;

$SIG{__WARN__} = sub { die @_ };
while (my $line = <STDIN>) {
    my $r = bless JSON::PP::decode_json($line), "Request";
    defined && !ref && utf8::encode($_) for values %$r;
    $now = $r->{now};
    my $call = JanusHlsGate->can($r->{call});
    if ($bound) {
        $call->($r);
        my @kept = $r->{call} eq "note" ? ($JanusHlsGate::admitted, $JanusHlsGate::formerly) : ($JanusHlsGate::young, $JanusHlsGate::old);
        print join(" ", map { scalar keys %$_ } @kept), "\n";
        next;
    }
    ($JanusHlsGate::young, $JanusHlsGate::old) = ({}, {});
    my $first = $call->($r);
    $r = bless { %$r, %{ $r->{later} // {} } }, "Request";
    $now = $r->{now};
    my $second = $call->($r);
    print $first eq $second ? $first : "$first, then $second", "\n";
}
