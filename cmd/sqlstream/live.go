package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/dustin/go-humanize"

	"github.com/sqlstream/sqlstream"
)

// redraw is how often a live table is drawn at most.
const redraw = 100 * time.Millisecond

// watch shows a continuous SELECT until it ends or ctx does: rows as they come where
// they are only added, else the result, drawn anew in place after each epoch.
func (s *shell) watch(ctx context.Context, out *output, q *sqlstream.Query) error {
	begun := time.Now()
	ended := context.AfterFunc(ctx, func() {
		_ = q.Stop(context.Background()) // its Status tells
	})
	defer ended()
	background := context.WithoutCancel(ctx)
	var err error
	if q.Mode() == sqlstream.Append || out.format != "" || !s.screen.outTerminal {
		s.screen.say("output mode " + q.Mode().String() + "; ^C stops the query")
		err = out.printChanges(background, q)
	} else {
		err = s.live(background, q)
	}
	if stop := q.Stop(background); err == nil {
		err = stop
	}
	if err != nil {
		return err
	}
	status, err := q.Status()
	if err != nil {
		return err
	}
	p := q.Progress()
	if err := s.db.Exec(background, "DROP QUERY `"+q.Name()+"`"); err != nil {
		return err
	}
	s.done(fmt.Sprintf("query %s after epoch %s, %s in", strings.ToLower(status.String()), humanize.Comma(p.BatchID), count(p.TotalRows, "row")), begun)
	return nil
}

// live draws the result of a query until the query ends.
func (s *shell) live(ctx context.Context, q *sqlstream.Query) error {
	changed := make(chan error, 1)
	done := make(chan error, 1)
	go func() {
		for _, err := range q.Changes(ctx) {
			if err != nil {
				done <- err
				return
			}
			select {
			case changed <- nil:
			default:
			}
		}
		done <- nil
	}()
	v := &view{screen: s.screen, query: q}
	if err := v.draw(ctx); err != nil {
		return err
	}
	tick := time.NewTicker(redraw)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case err := <-done:
			return errors.Join(err, v.last(ctx))
		}
		select {
		case <-changed:
			if err := v.draw(ctx); err != nil {
				return err
			}
		default:
			v.foot()
		}
	}
}

// A view is a table on the terminal that is drawn over itself.
type view struct {
	screen *screen
	query  *sqlstream.Query
	lines  int // drawn now
	rate   float64
	in     int64
	at     time.Time
}

// draw replaces the table by the result as it is now, as far as the terminal's height
// shows it.
func (v *view) draw(ctx context.Context) error {
	width, height := v.screen.size()
	const around = 6 // the table's rules and head, the line below, the cursor's own
	text, err := v.table(ctx, width, max(height-around, 1))
	if err != nil {
		return err
	}
	v.replace(append(strings.Split(text, "\n"), v.status(width)))
	return nil
}

// foot renews the line below the table alone.
func (v *view) foot() {
	width, _ := v.screen.size()
	fmt.Fprintf(v.screen, "\x1b[1F\x1b[K%s\n", v.status(width))
}

// last draws the table a last time, without the line below.
func (v *view) last(ctx context.Context) error {
	width, height := v.screen.size()
	const around = 6
	text, err := v.table(ctx, width, max(height-around, 1))
	if err != nil {
		return err
	}
	v.replace(strings.Split(text, "\n"))
	return nil
}

func (v *view) replace(lines []string) {
	var b strings.Builder
	if v.lines > 0 {
		fmt.Fprintf(&b, "\x1b[%dF\x1b[J", v.lines)
	}
	for _, l := range lines {
		b.WriteString(l + "\n")
	}
	v.lines = len(lines)
	_, _ = v.screen.Write([]byte(b.String())) // a terminal that is gone ends the process
}

// table renders the first rows of the result, and says how many more there are.
func (v *view) table(ctx context.Context, width, height int) (string, error) {
	rows, err := v.query.Result(ctx)
	if err != nil {
		return "", err
	}
	h := heading{schema: rows.Schema(), width: width}
	var cells [][]string
	total, used := 0, 0
	for b, err := range rows.Batches() {
		if err != nil {
			return "", err
		}
		c := wholeChunk(b)
		total += len(c.rows)
		for i := 0; i < len(c.rows) && used < height; i++ {
			cells = append(cells, c.cells(&h, i))
			used++
		}
	}
	cells, text := fitting(&h, cells, height)
	if more := total - len(cells); more > 0 {
		text += "\n… " + count(int64(more), "more row")
	}
	return text, nil
}

// fitting renders as many rows as the height takes: a row whose cells are wrapped takes
// several lines.
func fitting(h *heading, cells [][]string, height int) ([][]string, string) {
	for {
		widths := columnWidths(h, cells, nil)
		text := renderTable(h, cells, widths)
		lines := strings.Split(text, "\n")
		if len(lines)-4 <= height || len(cells) == 0 {
			for i, l := range lines {
				if h.width > 0 {
					lines[i] = clip(l, h.width-1)
				}
			}
			return cells, strings.Join(lines, "\n")
		}
		cells = cells[:len(cells)-max(1, (len(lines)-4-height)/2)]
	}
}

// status sums the query up in one line.
func (v *view) status(width int) string {
	p := v.query.Progress()
	now := time.Now()
	if since := now.Sub(v.at); v.at.IsZero() || since >= refresh {
		if !v.at.IsZero() {
			v.rate = float64(p.TotalRows-v.in) / since.Seconds()
		}
		v.in, v.at = p.TotalRows, now
	}
	var lag int64
	for _, s := range p.Sources {
		lag += s.Lag()
	}
	return clip(fmt.Sprintf("epoch %s · %s in · %s rows/s · lag %s · %s · ^C stops", humanize.Comma(p.BatchID),
		count(p.TotalRows, "row"), humanize.Comma(int64(v.rate)), humanize.Comma(lag), v.query.Mode()), width-1)
}
