package connectors

import (
	"fmt"

	"github.com/sqlstream/sqlstream/sql/types"
)

// A BadRecord says which record could not be read and why. The table's on_error
// option decides what follows.
type BadRecord struct {
	Split  Split
	Offset Offset
	Reason string
}

// Error names the record: "tweet/3 at offset 17: …".
func (e *BadRecord) Error() string {
	return fmt.Sprintf("%s at offset %d: %s", e.Split, e.Offset, e.Reason)
}

// BadColumns are the columns of what is known of a record that cannot be read.
var BadColumns = []types.Field{
	{Name: "split", Type: types.Of(types.Varchar), NotNull: true},
	{Name: "offset", Type: types.Of(types.BigInt), NotNull: true},
	{Name: "timestamp", Type: types.TimestampOf(3)},
	{Name: "reason", Type: types.Of(types.Varchar), NotNull: true},
	{Name: "key", Type: types.Of(types.Binary)},
	{Name: "value", Type: types.Of(types.Binary)},
	{Name: "headers", Type: types.Of(types.JSON), NotNull: true},
}
