// Package faultpoint names the moments between the steps of a protocol at which a test
// wants a process to die. A binary has them only when it is built with the tag faultpoint;
// in all others At is empty and leaves no code.
//
// The environment variable SQLSTREAM_FAULTPOINT then says what happens where, as
// "point:n:action", several divided by commas: at the n-th passing of the point
//
//	die   the process kills itself
//	soon  it kills itself within the next 3 ms, so that what comes next is on its way
//	say   it writes "faultpoint POINT" to standard error and goes on
package faultpoint
