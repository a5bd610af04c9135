package mysqltest

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"math"
	"reflect"
	"strconv"
	"strings"

	"github.com/sqlstream/sqlstream/sql/types"
)

// Agrees reports that an answer of the server says what we say. A truth is a number
// there, floats are equal within 1e-9 of their size, a fraction of a second may end in
// zeros, and JSON is compared by its values.
func (v Verdict) Agrees(answer string) bool {
	if v.Text == failing || v.Text == refused {
		return strings.HasPrefix(answer, "error ")
	}
	theirs, _, _ := strings.Cut(answer, " (warning ")
	if v.Text == theirs {
		return true
	}
	switch t := v.Type; {
	case t.Kind == types.Boolean:
		return v.Text == "true" && theirs == "1" || v.Text == "false" && theirs == "0"
	case t.IsFloat():
		return closeTo(v.Text, theirs)
	case t.Kind == types.Timestamp || t.Kind == types.Time:
		return trimFraction(v.Text) == trimFraction(theirs)
	case t.Kind == types.JSON:
		return sameJSON(v.Text, theirs)
	case t.Kind == types.Binary:
		return strings.EqualFold(v.Text, theirs) || v.Text == "0x"+hex.EncodeToString([]byte(unescape.Replace(theirs)))
	case t.Kind == types.Varchar && strings.HasPrefix(theirs, "0x"):
		b, err := hex.DecodeString(theirs[2:])
		return err == nil && v.Text == escape.Replace(string(b))
	}
	return false
}

var unescape = strings.NewReplacer("\\\\", "\\", "\\t", "\t", "\\n", "\n", "\\0", "\x00")

func closeTo(a, b string) bool {
	x, err1 := strconv.ParseFloat(a, 64)
	y, err2 := strconv.ParseFloat(b, 64)
	return err1 == nil && err2 == nil && math.Abs(x-y) <= 1e-9*max(math.Abs(x), math.Abs(y))
}

func trimFraction(s string) string {
	if strings.Contains(s, ".") {
		s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	}
	return s
}

func sameJSON(a, b string) bool {
	x, ok1 := parseJSON(a)
	y, ok2 := parseJSON(b)
	return ok1 && ok2 && reflect.DeepEqual(x, y)
}

func parseJSON(text string) (out any, ok bool) {
	d := json.NewDecoder(bytes.NewReader([]byte(unescape.Replace(text))))
	err := d.Decode(&out)
	return out, err == nil && !d.More()
}
