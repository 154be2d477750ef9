# SPDX-License-Identifier: GPL-3.0-or-later

# Playback tokens (docs/protocol.md, "Protected streams"): whether one lets its viewer in. nginx runs this, by its own Perl,
# at the origin and at edges. tokens.conf takes a token apart, and gate.conf has the secrets.
#
# A worker of nginx remembers the tokens that are good, so that each is read once. A reload starts other workers, which
# remember nothing: secrets and sessions that are taken away count from then on.

package JanusHlsGate;

use strict;
use warnings;

use B ();
use Digest::SHA qw(hmac_sha256);
use JSON::PP ();
use MIME::Base64 qw(decode_base64url);
use Socket qw(AF_INET AF_INET6 inet_pton);

use constant LATE_S => 30;    # what an edge of our own has let in may be this much late here
use constant KEPT_S => 10;    # for so long an edge may go by what it was told

# What tokens say that were found to be good for their stream, by both as they stand in the path. Perl looks for one by a hash
# with a key of its own, so how long that takes tells nothing about tokens that are nearly right.
our ($young, $old) = ({}, {});
our $known = 8192;    # in each of the two, of about 2 kB

# Whether two signatures are the same, in the same time wherever they differ.
sub is_same {
    my ($one, $other) = @_;
    return length $one == length $other && (($one ^ $other) =~ tr/\0//c) == 0;
}

# What a viewer keeps as it goes on: an IPv4 address, or the /64 network of an IPv6 one, as bytes. "": it is neither.
sub network {
    my ($address) = @_;
    return "" unless $address =~ /\A[0-9A-Fa-f:.]+\z/a;    # inet_pton reads up to a NUL alone
    my $bytes = inet_pton(AF_INET, $address);
    return $bytes if defined $bytes;
    $bytes = inet_pton(AF_INET6, $address);
    return "" unless defined $bytes;
    return substr $bytes, 12 if substr($bytes, 0, 12) eq "\0" x 10 . "\xff" x 2;
    return substr $bytes, 0, 8;
}

# Whether a member of the payload is text, and whether it is a whole number. Perl itself takes each for the other.
sub is_text {
    my ($value) = @_;
    return defined $value && !ref $value && B::svref_2object(\$value)->FLAGS & B::SVf_POK;
}

sub is_whole {
    my ($value) = @_;
    return defined $value && !ref $value && !is_text($value) && $value - int($value) == 0;    # 1e999 is none
}

# What a token says that its secret has signed, or why it is none, as a word.
sub read_token {
    my ($r) = @_;
    my $secret = $r->variable("janus_hls_secret");    # of the key that it names
    return "key" unless length($secret // "");
    my $signature = hmac_sha256($r->variable("janus_hls_signed"), $secret);
    return "signature" unless is_same($signature, decode_base64url($r->variable("janus_hls_mac")));
    my $claims = eval { JSON::PP::decode_json(decode_base64url($r->variable("janus_hls_payload"))) };
    return ref $claims eq "HASH" ? $claims : "claims";
}

# What a token says that is good for the stream, whenever and whose it is; or why it is not, as a word.
sub learn {
    my ($r) = @_;
    my $claims = read_token($r);
    return $claims unless ref $claims;
    return "claims" unless is_whole($claims->{exp});
    my $stream = $r->variable("janus_hls_stream");
    my ($name, $prefix, $sid) = @$claims{qw(stream prefix sid)};
    return "stream" unless is_text($name) ? $name eq $stream : is_text($prefix) && index($stream, $prefix) == 0;
    return "claims" if exists $claims->{nbf} && !is_whole($claims->{nbf});
    return "address" if exists $claims->{ip} && !(is_text($claims->{ip}) && length network($claims->{ip}));
    return $claims unless exists $claims->{sid};
    return "session" unless is_text($sid);
    utf8::encode($sid);
    return index($r->variable("janus_hls_ended"), " $sid ") < 0 ? $claims : "session";
}

# The same, from memory if it is there.
sub claims_of {
    my ($r) = @_;
    my $watched = $r->variable("janus_hls_watched");
    my $claims = $young->{$watched};
    return $claims if $claims;
    $claims = $old->{$watched} // learn($r);
    return $claims unless ref $claims;
    ($young, $old) = ({}, $young) if keys %$young >= $known;
    return $young->{$watched} = $claims;
}

# Whether the address is another than the token's. An edge of our own has looked at its viewer's, or asks for one.
sub is_elsewhere {
    my ($r, $ip) = @_;
    my $address = $r->variable("janus_hls_address") || ($r->variable("janus_hls_own_edge") ? "-" : $r->remote_addr);
    return $address ne "-" && network($ip) ne network($address);    # "-": it was looked at
}

# How many seconds later than its end a token may come: as viewers' own come to an edge of ours, it has let them in.
sub lateness {
    my ($r) = @_;
    return !$r->variable("janus_hls_address") && $r->variable("janus_hls_own_edge") ? LATE_S : 0;
}

# Whether somebody asks about a viewer who is no edge of ours: each address that it makes up would be a question to the webhook.
sub is_strange {
    my ($r) = @_;
    return $r->variable("janus_hls_asks") && $r->variable("janus_hls_address") && !$r->variable("janus_hls_own_edge");
}

# Sessions that a webhook lets in: up to when, by token, stream and address.
our ($admitted, $formerly) = ({}, {});

# Whether an edge of our own has asked about this viewer already.
sub is_asked {
    my ($r) = @_;
    return !$r->variable("janus_hls_address") && $r->variable("janus_hls_own_edge");
}

# Up to when the webhook lets the session in; 0: it is to be asked about.
sub admission {
    my ($r) = @_;
    my $now = time;
    my $session = $r->variable("janus_hls_watched") . " " . $r->variable("janus_hls_from");
    my $until = $admitted->{$session} // $formerly->{$session} // 0;
    return $until > $now ? $until : 0;
}

# ---- what nginx calls, for perl_set ----

# "pass", "webhook" if it is to be asked whether this session may pass, or why not, as a word.
sub verdict {
    my ($r) = @_;
    my $claims = claims_of($r);
    return $claims unless ref $claims;
    return "edge" if is_strange($r);
    my $now = time;
    return "expired" if $now >= $claims->{exp} && $now >= $claims->{exp} + lateness($r);
    return "early" if exists $claims->{nbf} && $now < $claims->{nbf};
    return "address" if exists $claims->{ip} && is_elsewhere($r, $claims->{ip});
    return "pass" if !$r->variable("janus_hls_asks") || is_asked($r) || admission($r);
    return "webhook";
}

# The webhook lets the session in: for so long as its answer has as Cache-Control. Returns no file's name.
sub note {
    my ($r) = @_;
    my $now = time;
    my ($seconds) = ($r->variable("janus_hls_lifetime") // "") =~ /\bmax-age=([0-9]{1,9})\b/a;
    return "/janus_hls_noted" unless $seconds;    # that one is not to make room for itself
    ($admitted, $formerly) = ({}, $admitted) if keys %$admitted >= $known;
    $admitted->{ $r->variable("janus_hls_watched") . " " . $r->variable("janus_hls_from") } = $now + $seconds;
    return "/janus_hls_noted";
}

# How long an edge may go by a "pass": Cache-Control.
sub kept {
    my ($r) = @_;
    my $end = claims_of($r)->{exp};
    if ($r->variable("janus_hls_asks")) {
        my $until = admission($r);
        $end = $until if $until < $end;
    }
    my $rest = $end - time;
    return $rest <= 0 ? "no-store" : "max-age=" . ($rest < KEPT_S ? $rest : KEPT_S);
}

1;
