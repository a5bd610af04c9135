package scalar

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/sqlstream/sqlstream/sql/function"
	"github.com/sqlstream/sqlstream/vec"
)

// URLEncode is URL_ENCODE(s).
var URLEncode = function.Scalar{
	Name: "url_encode", Category: ofText,
	Doc: "A text as it stands in the query of a URL: a blank is +, and what has a meaning there is written %xx.",
	Examples: []function.Example{
		{Expr: "url_encode('a b&c=한')", Value: "a+b%26c%3D%ED%95%9C"},
		{Expr: "url_encode(NULL)", Value: "NULL"},
	},
	Overloads: []function.Overload{textOf(plain(func(dst, s []byte) []byte { return append(dst, url.QueryEscape(string(s))...) }), function.Text)},
}

// URLDecode is URL_DECODE(s).
var URLDecode = function.Scalar{
	Name: "url_decode", Category: ofText,
	Doc: "The text that url_encode made something of; NULL where it is none.",
	Examples: []function.Example{
		{Expr: "url_decode('a+b%26c%3D%ED%95%9C')", Value: "a b&c=한"},
		{Expr: "url_decode('%zz')", Value: "NULL"},
	},
	Overloads: []function.Overload{textOf(func(_ *function.Call, dst []byte, args []*vec.Vec, row int) ([]byte, bool, error) {
		s, err := url.QueryUnescape(args[0].Str(row))
		return append(dst, strings.ToValidUTF8(s, "\uFFFD")...), err == nil, nil
	}, function.Text)},
}

// ParseURL is PARSE_URL(url, part[, key]).
var ParseURL = function.Scalar{
	Name: "parse_url", Category: ofText,
	Doc: "A part of a URL: PROTOCOL, HOST, PATH, QUERY, REF, FILE, AUTHORITY or USERINFO; with a third argument the value that the query has for a key. NULL where there is none.",
	Examples: []function.Example{
		{Expr: "parse_url('https://ann@example.com:81/a/b?x=1&y=2#top', 'HOST')", Value: "example.com"},
		{Expr: "parse_url('https://ann@example.com:81/a/b?x=1&y=2#top', 'QUERY', 'y')", Value: "2"},
		{Expr: "parse_url('https://ann@example.com:81/a/b?x=1&y=2#top', 'FILE')", Value: "/a/b?x=1&y=2"},
		{Expr: "parse_url('no url', 'HOST')", Value: "NULL"},
	},
	Overloads: []function.Overload{
		textOf(parseURL, function.Text, function.Text),
		textOf(parseURL, function.Text, function.Text, function.Text),
	},
}

func parseURL(_ *function.Call, dst []byte, args []*vec.Vec, row int) ([]byte, bool, error) {
	u, err := url.Parse(args[0].Str(row))
	if err != nil {
		return dst, false, nil
	}
	part := strings.ToUpper(args[1].Str(row))
	if len(args) > 2 {
		values, ok := u.Query()[args[2].Str(row)]
		if part != "QUERY" || !ok {
			return dst, false, nil
		}
		return append(dst, strings.ToValidUTF8(values[0], "\uFFFD")...), true, nil
	}
	var s string
	switch part {
	case "PROTOCOL":
		s = u.Scheme
	case "HOST":
		s = u.Hostname()
	case "PATH":
		s = u.EscapedPath()
	case "QUERY":
		s = u.RawQuery
	case "REF":
		s = u.EscapedFragment()
	case "FILE":
		if s = u.EscapedPath(); u.RawQuery != "" {
			s += "?" + u.RawQuery
		}
	case "AUTHORITY":
		if s = u.Host; u.User != nil {
			s = u.User.String() + "@" + s
		}
	case "USERINFO":
		if u.User != nil {
			s = u.User.String()
		}
	default:
		return dst, false, fmt.Errorf("a URL has no part %q", part)
	}
	return append(dst, strings.ToValidUTF8(s, "\uFFFD")...), s != "", nil
}
