package kafka

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/sqlstream/sqlstream/connectors"
	"github.com/sqlstream/sqlstream/sql/types"
)

// readPlaces reads scan.startup and scan.bounded with what belongs to them.
func (c *config) readPlaces(o connectors.Options) error {
	var err error
	if c.startup, err = placeOf(o, "scan.startup", "earliest"); err != nil {
		return err
	}
	c.bounded, err = placeOf(o, "scan.bounded", "")
	return err
}

func placeOf(o connectors.Options, name, def string) (place, error) {
	p := place{kind: o.String(name, def)}
	when, offsets := o.Get(name+".timestamp"), o.Get(name+".specific.offsets")
	var err error
	switch {
	case when != "" && p.kind != "timestamp":
		return p, fmt.Errorf("option '%s.timestamp' needs %s = 'timestamp'", name, name)
	case offsets != "" && p.kind != "specific-offsets":
		return p, fmt.Errorf("option '%s.specific_offsets' needs %s = 'specific-offsets'", name, name)
	case p.kind == "timestamp":
		if p.millis, err = parseMillis(when); err != nil {
			return p, fmt.Errorf("option '%s.timestamp': %w", name, err)
		}
	case p.kind == "specific-offsets":
		if p.offsets, err = parseOffsets(offsets); err != nil {
			return p, fmt.Errorf("option '%s.specific_offsets': %w", name, err)
		}
	}
	return p, nil
}

// parseMillis reads a time as Kafka has it.
func parseMillis(text string) (int64, error) {
	if n, err := strconv.ParseInt(text, 10, 64); err == nil && n >= 0 {
		return n, nil
	}
	micros, ok := types.ParseTimestamp(text)
	if !ok || micros < 0 {
		return 0, fmt.Errorf("'%s' is neither a time such as '2026-11-22 10:00:00' nor milliseconds since 1970", text)
	}
	return (micros + 999) / 1000, nil // not before the time given
}

// flinkOffset is one partition as Flink writes it.
var flinkOffset = regexp.MustCompile(`partition:(\d+)\s*,\s*offset:(\d+)`)

// parseOffsets reads "0:42, 1:300", "topic/0:42" and Flink's
// "partition:0,offset:42;partition:1,offset:300".
func parseOffsets(text string) (map[string]int64, error) {
	text = flinkOffset.ReplaceAllString(text, "$1:$2")
	out := map[string]int64{}
	for _, item := range strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ';' }) {
		item = strings.TrimSpace(item)
		at := strings.LastIndexByte(item, ':')
		if at < 0 {
			return nil, badOffset(item)
		}
		n, err := strconv.ParseInt(strings.TrimSpace(item[at+1:]), 10, 64)
		if err != nil || n < 0 {
			return nil, badOffset(item)
		}
		part := strings.TrimSpace(item[:at])
		number := part[strings.LastIndexByte(part, '/')+1:]
		if _, err := strconv.ParseUint(number, 10, 31); err != nil {
			return nil, badOffset(item)
		}
		if _, twice := out[part]; twice {
			return nil, fmt.Errorf("partition %s is there twice", part)
		}
		out[part] = n
	}
	if len(out) == 0 {
		return nil, errors.New("it is missing; write it as '0:42, 1:300'")
	}
	return out, nil
}

func badOffset(item string) error {
	return fmt.Errorf("'%s' is not a partition and an offset such as '0:42' or 'topic/0:42'", item)
}

// of returns the offset given for a split.
func (p place) of(split connectors.Split) (int64, bool) {
	if n, ok := p.offsets[string(split)]; ok {
		return n, true
	}
	_, part := splitOf(split)
	n, ok := p.offsets[strconv.Itoa(int(part))]
	return n, ok
}
