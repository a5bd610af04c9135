package sqltest

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/sqlstream/sqlstream"
	"github.com/sqlstream/sqlstream/zset"
)

// commands are the words that a block may begin with.
var commands = map[string]func(*session, *Block) (string, error){
	"exec":     (*session).exec,
	"error":    (*session).error,
	"query":    (*session).query,
	"show":     (*session).show,
	"eval":     (*session).eval,
	"feed":     (*session).feedTable,
	"start":    (*session).start,
	"restart":  (*session).restart,
	"tick":     (*session).tick,
	"result":   (*session).result,
	"status":   (*session).status,
	"plan":     (*session).plan,
	"progress": (*session).progress,
	"clock":    (*session).setClock,
}

// A lapse is an error of what is tested: it is printed, and may be what is wanted.
type lapse struct{ error }

// run runs one block and returns what it prints.
func (s *session) run(b *Block) (string, error) {
	f, ok := commands[b.Cmd]
	if !ok {
		return "", fmt.Errorf("there is no command %s", b.Cmd)
	}
	if !s.v.plain() && (b.has("written") || b.Cmd == "plan" || b.Cmd == "progress") || s.v.Recut > 0 && b.Cmd == "tick" {
		return b.Want, nil
	}
	if b.Cmd != "feed" {
		if err := s.flush(); err != nil {
			s.breach("%v", err)
		}
	}
	out, err := f(s, b)
	var l lapse
	if errors.As(err, &l) {
		return lines(l.Error()), s.check()
	}
	return out, err
}

// lines ends a text with a newline.
func lines(text string) string {
	if text == "" || strings.HasSuffix(text, "\n") {
		return text
	}
	return text + "\n"
}

// exec runs statements. With messages it prints what each says was done.
func (s *session) exec(b *Block) (string, error) {
	if writes := s.writes(b); writes != nil {
		for _, w := range writes {
			if err := s.write(w); err != nil {
				return "", lapse{err}
			}
		}
		return "", nil
	}
	var out strings.Builder
	for r, err := range s.db.Run(s.ctx, "", b.Input) {
		if err != nil {
			return "", lapse{err}
		}
		if err := s.endless(r); err != nil {
			return "", err
		}
		if b.has("messages") {
			for _, m := range append([]string{r.Message}, r.Notes...) {
				out.WriteString(lines(m))
			}
		}
	}
	return out.String(), s.check()
}

// endless refuses a SELECT that nobody would read.
func (s *session) endless(r sqlstream.Result) error {
	if r.Query != nil && r.Query.Kind() == "SELECT" {
		return errors.Join(errors.New("a continuous SELECT has a start command"), r.Query.Stop(s.ctx))
	}
	if r.Rows != nil {
		return fmt.Errorf("%.40s … has a query command", r.Statement)
	}
	return nil
}

// error runs statements that must fail, the last of them at the latest.
func (s *session) error(b *Block) (string, error) {
	for r, err := range s.db.Run(s.ctx, b.value("file"), b.Input) {
		if err == nil && r.Rows != nil {
			_, err = collect(r.Rows)
		}
		if err == nil && r.Query != nil && r.Query.Kind() == "SELECT" {
			err = errors.Join(r.Query.ProcessAllAvailable(s.ctx), r.Query.Stop(s.ctx))
		}
		if err != nil && s.v.NoRules {
			return b.Want, nil // see comparable
		}
		if err != nil {
			return "", lapse{err}
		}
	}
	s.breach("no error")
	return "", s.check()
}

// query asks a bounded query and prints its rows, sorted unless they are to be
// ordered; with types a line of columns stands before them.
func (s *session) query(b *Block) (string, error) {
	if err := b.only("ordered", "types", "written"); err != nil {
		return "", err
	}
	rows, err := s.db.Query(s.ctx, b.Input)
	if err != nil {
		return "", lapse{err}
	}
	var out string
	if b.has("types") {
		out = columns(rows) + "\n"
	}
	all, err := collect(rows)
	if err != nil {
		return "", lapse{err}
	}
	if b.has("ordered") {
		return out + all.String(), nil
	}
	return out + text(all), nil
}

func columns(rows *sqlstream.Rows) string {
	var cols []string
	for _, f := range rows.Schema().Fields {
		c := f.Name + " " + f.Type.String()
		if f.NotNull {
			c += " NOT NULL"
		}
		cols = append(cols, c)
	}
	return strings.Join(cols, ", ")
}

// show prints the rows of SHOW, DESCRIBE and their like as they come, cells apart by
// bars: all columns, or those that are named.
func (s *session) show(b *Block) (string, error) {
	rows, err := s.db.Query(s.ctx, b.Input)
	if err != nil {
		return "", lapse{err}
	}
	var shown []int
	for i, name := range rows.Columns() {
		if list := b.values("columns"); list == nil || slices.Contains(list, name) {
			shown = append(shown, i)
		}
	}
	var names []string
	for _, i := range shown {
		names = append(names, rows.Columns()[i])
	}
	out := []string{strings.Join(names, " | ")}
	for rows.Next() {
		var cells []string
		for _, i := range shown {
			cell, ok := rows.Text(i)
			if !ok {
				cell = "NULL"
			}
			cells = append(cells, cell)
		}
		out = append(out, strings.TrimRight(strings.Join(cells, " | "), " "))
	}
	if err := rows.Err(); err != nil {
		return "", lapse{err}
	}
	return lines(strings.Join(out, "\n")), nil
}

// feedTable gives rows in text form to a memory table.
func (s *session) feedTable(b *Block) (string, error) {
	name, err := b.name()
	if err != nil {
		return "", err
	}
	if b.Want != "" { // what is refused is refused as a whole
		if err := s.flush(); err != nil {
			s.breach("%v", err)
		}
	}
	t, err := s.db.Table(name)
	if err != nil {
		return "", err
	}
	rows, err := zset.Parse(t.Schema(), b.Input)
	if err != nil {
		return "", err
	}
	if b.Want != "" {
		if err := t.Apply(s.ctx, rows); err != nil {
			return "", lapse{err}
		}
		return "", s.check()
	}
	if err := s.feed(t, rows); err != nil {
		return "", lapse{err}
	}
	return "", nil
}

// setClock moves the clock: to a time, or on by a span.
func (s *session) setClock(b *Block) (string, error) {
	to := strings.Trim(b.Input, "'")
	s.mu.Lock()
	defer s.mu.Unlock()
	if span, ok := strings.CutPrefix(to, "+"); ok {
		d, err := time.ParseDuration(span)
		s.now = s.now.Add(d)
		return "", err
	}
	t, err := time.Parse(time.DateTime, to)
	s.setBack = s.setBack || t.Before(s.now)
	s.now = t
	return "", err
}

// plan prints the plans of a query, or the one of a stage, and checks which rules
// have made it.
func (s *session) plan(b *Block) (string, error) {
	all, err := s.db.Explain(s.ctx, b.Input)
	if err != nil {
		return "", lapse{err}
	}
	stages := map[string]string{}
	var fired []string
	for part := range strings.SplitSeq(all, "\n\n") {
		title, body, _ := strings.Cut(part, "\n")
		stages[strings.ToLower(strings.Fields(title)[0])] = lines(body)
		if _, list, ok := strings.Cut(title, "("); ok {
			fired = strings.Split(strings.TrimSuffix(list, ")"), ", ")
		}
	}
	for _, r := range b.values("expect") {
		if !slices.Contains(fired, r) {
			s.breach("rule %s has not fired, but %s", r, strings.Join(fired, ", "))
		}
	}
	for _, r := range b.values("expect-not") {
		if slices.Contains(fired, r) {
			s.breach("rule %s has fired", r)
		}
	}
	switch stage := b.value("stage"); stage {
	case "":
		return all, nil
	case "rules":
		return stages["optimised"], nil
	case "modes":
		return stages["output"], nil
	default:
		return stages[stage], nil
	}
}
