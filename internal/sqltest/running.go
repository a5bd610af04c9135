package sqltest

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"

	"github.com/sqlstream/sqlstream"
)

// start starts a continuous SELECT under a name and watches it.
func (s *session) start(b *Block) (string, error) {
	name, err := b.name()
	if err != nil {
		return "", err
	}
	statement := b.Input
	if mode := b.value("mode"); mode != "" {
		statement += "\nEMIT " + strings.ToUpper(mode)
	}
	text, err := queryOf(statement)
	if err != nil {
		return "", lapse{err}
	}
	w, err := s.begin(name, statement, text)
	if err != nil {
		return "", lapse{err}
	}
	w.unjudged = w.unjudged || b.has("unjudged")
	s.watched = append(s.watched, w)
	return "", s.check()
}

func (s *session) begin(name, statement, text string) (*watched, error) {
	q, err := s.db.Start(s.ctx, statement, sqlstream.WithName(name), sqlstream.WithResult())
	if err != nil {
		return nil, err
	}
	w := watch(s.ctx, q, name, text)
	w.start, w.zone = statement, s.zone()
	return w, nil
}

// restart ends a query and starts it again. Its next tick tells what is new since the
// last one, as if nothing had happened.
func (s *session) restart(b *Block) (string, error) {
	w, err := s.named(b)
	if err != nil {
		return "", err
	}
	if w.start == "" {
		return "", errors.New("a materialized view cannot be restarted")
	}
	if err := w.q.Stop(s.ctx); err != nil {
		return "", lapse{err}
	}
	<-w.ended
	again, err := s.begin(w.name, w.start, w.text)
	if err != nil {
		return "", lapse{err}
	}
	again.unjudged, again.shown = w.unjudged, w.shown
	s.watched = append(s.watched, again)
	return "", s.check()
}

func (s *session) named(b *Block) (*watched, error) {
	name, err := b.name()
	if err != nil {
		return nil, err
	}
	return s.find(name)
}

// tick prints what a query has put out since the last tick: in mode COMPLETE its
// whole result, else the rows that were added and taken back.
func (s *session) tick(b *Block) (string, error) {
	w, err := s.named(b)
	if err != nil {
		return "", err
	}
	result, err := s.settle(w)
	if err != nil {
		return "", lapse{err}
	}
	delta := w.tick()
	if w.q.Mode() == sqlstream.Complete {
		return result.String(), nil
	}
	return text(delta), nil
}

// result prints the result of a query in its order.
func (s *session) result(b *Block) (string, error) {
	w, err := s.named(b)
	if err != nil {
		return "", err
	}
	rows, err := s.settle(w)
	if err != nil {
		return "", lapse{err}
	}
	return rows.String(), nil
}

// status prints what has become of a query, its mode, and the error of a failed one.
func (s *session) status(b *Block) (string, error) {
	w, err := s.named(b)
	if err != nil {
		return "", err
	}
	if _, err := s.settle(w); err != nil && s.ctx.Err() != nil {
		return "", s.ctx.Err() // the query's own end is told below
	}
	status, err := w.q.Status()
	out := status.String() + " " + w.q.Mode().String() + "\n"
	if err != nil {
		out += lines(err.Error())
	}
	return out, nil
}

// progress prints how the query's last epoch went, as JSON, but for what its state
// weighs and may weigh.
func (s *session) progress(b *Block) (string, error) {
	w, err := s.named(b)
	if err != nil {
		return "", err
	}
	if _, err := s.settle(w); err != nil {
		return "", lapse{err}
	}
	p := w.q.Progress()
	p.MemoryUsedBytes, p.MemoryLimitBytes = 0, 0
	for i := range p.StateOperators {
		p.StateOperators[i].MemoryUsedBytes = 0
	}
	var out bytes.Buffer
	err = json.Indent(&out, []byte(p.String()), "", "  ")
	return lines(out.String()), err
}
