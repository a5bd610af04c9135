package scalar

import (
	"encoding/binary"
	"net/netip"
	"strconv"
	"strings"

	"github.com/sqlstream/sqlstream/sql/function"
	"github.com/sqlstream/sqlstream/vec"
)

// InetAton is INET_ATON(s).
var InetAton = function.Scalar{
	Name: "inet_aton", Category: ofHash,
	Doc: "The number of an IPv4 address in dots; NULL where it is none. As in MySQL parts in the middle may be missing: 127.1 is 127.0.0.1.",
	Examples: []function.Example{
		{Expr: "inet_aton('10.0.5.9')", Value: "167773449"},
		{Expr: "inet_aton('127.1')", Value: "2130706433"},
		{Expr: "inet_aton('10.0.5.256')", Value: "NULL"},
	},
	Overloads: []function.Overload{intOf(func(_ *function.Call, args []*vec.Vec, row int) (int64, bool, error) {
		parts := strings.Split(args[0].Str(row), ".")
		if len(parts) > 4 {
			return 0, false, nil
		}
		n := int64(0)
		for i, p := range parts {
			b, err := strconv.ParseUint(p, 10, 8)
			if err != nil {
				return 0, false, nil
			}
			if i == len(parts)-1 && i > 0 { // those that are missing stand before the last
				n <<= 8 * (4 - len(parts))
			}
			n = n<<8 | int64(b)
		}
		return n, true, nil
	}, function.Text)},
}

// InetNtoa is INET_NTOA(n).
var InetNtoa = function.Scalar{
	Name: "inet_ntoa", Category: ofHash,
	Doc: "The IPv4 address of a number, in dots; NULL where it is none.",
	Examples: []function.Example{
		{Expr: "inet_ntoa(167773449)", Value: "10.0.5.9"},
		{Expr: "inet_ntoa(-1)", Value: "NULL"},
	},
	Overloads: []function.Overload{textOf(func(_ *function.Call, dst []byte, args []*vec.Vec, row int) ([]byte, bool, error) {
		n := intAt(args, 0, row)
		if n < 0 || n > 1<<32-1 {
			return dst, false, nil
		}
		var b [4]byte
		binary.BigEndian.PutUint32(b[:], uint32(n))
		return netip.AddrFrom4(b).AppendTo(dst), true, nil
	}, function.Int)},
}
