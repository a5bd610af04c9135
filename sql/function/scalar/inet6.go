package scalar

import (
	"encoding/binary"
	"net/netip"
	"strconv"
	"strings"

	"github.com/sqlstream/sqlstream/sql/function"
	"github.com/sqlstream/sqlstream/vec"
)

// IsIPv4 is IS_IPV4(s).
var IsIPv4 = function.Scalar{
	Name: "is_ipv4", Category: ofHash,
	Doc: "Whether a text is an IPv4 address: four numbers up to 255 with dots between them.",
	Examples: []function.Example{
		{Expr: "is_ipv4('10.0.5.9')", Value: "true"},
		{Expr: "is_ipv4('10.0.5.256')", Value: "false"},
		{Expr: "is_ipv4(NULL)", Value: "NULL"},
	},
	Overloads: []function.Overload{boolOf(func(_ *function.Call, args []*vec.Vec, row int) (bool, error) {
		_, ok := parseIPv4(args[0].Str(row))
		return ok, nil
	}, function.Text)},
}

// IsIPv6 is IS_IPV6(s).
var IsIPv6 = function.Scalar{
	Name: "is_ipv6", Category: ofHash,
	Doc: "Whether a text is an IPv6 address, without a zone.",
	Examples: []function.Example{
		{Expr: "is_ipv6('2001:db8::1')", Value: "true"},
		{Expr: "is_ipv6('10.0.5.9')", Value: "false"},
		{Expr: "is_ipv6(NULL)", Value: "NULL"},
	},
	Overloads: []function.Overload{boolOf(func(_ *function.Call, args []*vec.Vec, row int) (bool, error) {
		_, ok := parseIPv6(args[0].Str(row))
		return ok, nil
	}, function.Text)},
}

// Inet6Aton is INET6_ATON(s).
var Inet6Aton = function.Scalar{
	Name: "inet6_aton", Category: ofHash,
	Doc: "The bytes of an IPv6 address, 16, or of an IPv4 address, four; NULL where the text is neither.",
	Examples: []function.Example{
		{Expr: "inet6_aton('10.0.5.9')", Value: "0x0a000509"},
		{Expr: "inet6_aton('2001:db8::1')", Value: "0x20010db8000000000000000000000001"},
		{Expr: "inet6_aton('10.0.5')", Value: "NULL"},
	},
	Overloads: []function.Overload{bytesOf(func(_ *function.Call, dst []byte, args []*vec.Vec, row int) ([]byte, bool, error) {
		s := args[0].Str(row)
		if a, ok := parseIPv4(s); ok {
			return append(dst, a[:]...), true, nil
		}
		a, ok := parseIPv6(s)
		if !ok {
			return dst, false, nil
		}
		b := a.As16()
		return append(dst, b[:]...), true, nil
	}, function.Text)},
}

// Inet6Ntoa is INET6_NTOA(b).
var Inet6Ntoa = function.Scalar{
	Name: "inet6_ntoa", Category: ofHash,
	Doc: "The address of four or 16 bytes, as text; NULL of any other number of them.",
	Examples: []function.Example{
		{Expr: "inet6_ntoa(x'0a000509')", Value: "10.0.5.9"},
		{Expr: "inet6_ntoa(inet6_aton('2001:DB8:0:0::1'))", Value: "2001:db8::1"},
		{Expr: "inet6_ntoa(x'0a')", Value: "NULL"},
	},
	Overloads: []function.Overload{textOf(func(_ *function.Call, dst []byte, args []*vec.Vec, row int) ([]byte, bool, error) {
		b := args[0].Bytes(row)
		a, ok := netip.AddrFromSlice(b)
		if !ok {
			return dst, false, nil
		}
		// As in MySQL what is all but an IPv4 address ends as one.
		if len(b) == 16 && binary.BigEndian.Uint64(b) == 0 && binary.BigEndian.Uint32(b[8:]) == 0 && (b[12] != 0 || b[13] != 0) {
			return netip.AddrFrom4([4]byte(b[12:])).AppendTo(append(dst, "::"...)), true, nil
		}
		return a.AppendTo(dst), true, nil
	}, function.Bytes)},
}

// parseIPv4 reads four numbers of up to three digits.
func parseIPv4(s string) (a [4]byte, ok bool) {
	parts := strings.Split(s, ".")
	if len(parts) != len(a) {
		return a, false
	}
	for i, p := range parts {
		n, err := strconv.ParseUint(p, 10, 8)
		if err != nil || len(p) > 3 {
			return a, false
		}
		a[i] = byte(n)
	}
	return a, true
}

func parseIPv6(s string) (netip.Addr, bool) {
	a, err := netip.ParseAddr(s)
	return a, err == nil && a.Is6() && a.Zone() == ""
}
