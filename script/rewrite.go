package script

import (
	"reflect"

	"github.com/yuin/gopher-lua/ast"
)

// concatName is the global that stands for "..". No script can spell it.
const concatName = "\x00concat"

// maxOperands is how many operands of one concatenation become arguments of one call; longer ones nest.
const maxOperands = 50

// boundConcatenations makes every a..b of a syntax tree a call of the bounded function. The tree's own types are walked by
// reflection: it has some thirty of them, and all that matters is where an expression stands.
func boundConcatenations(chunk []ast.Stmt) { rewrite(reflect.ValueOf(chunk)) }

var exprType = reflect.TypeFor[ast.Expr]()

func rewrite(v reflect.Value) {
	switch v.Kind() {
	case reflect.Slice:
		for i := range v.Len() {
			rewrite(v.Index(i))
		}
	case reflect.Pointer:
		if !v.IsNil() {
			rewrite(v.Elem())
		}
	case reflect.Struct:
		for _, f := range v.Fields() {
			if f.CanSet() {
				rewrite(f)
			}
		}
	case reflect.Interface:
		if v.IsNil() {
			return
		}
		rewrite(v.Elem())
		if concat, ok := reflect.TypeAssert[*ast.StringConcatOpExpr](v); ok && v.Type() == exprType {
			v.Set(reflect.ValueOf(ast.Expr(bounded(concat))))
		}
	}
}

// bounded is the call that takes a concatenation's place. Its right side has been rewritten already: operands of a
// call there that came from ".." are taken over, so that a chain is one call.
func bounded(e *ast.StringConcatOpExpr) *ast.FuncCallExpr {
	args := []ast.Expr{e.Lhs}
	if right, ok := e.Rhs.(*ast.FuncCallExpr); ok && isConcat(right) && len(right.Args) < maxOperands {
		args = append(args, right.Args...)
	} else {
		args = append(args, single(e.Rhs))
	}
	args[0] = single(args[0])
	name := &ast.IdentExpr{Value: concatName}
	name.SetLine(e.Line())
	out := &ast.FuncCallExpr{Func: name, Args: args, AdjustRet: true}
	out.SetLine(e.Line())
	out.SetLastLine(e.LastLine())
	return out
}

func isConcat(c *ast.FuncCallExpr) bool {
	name, ok := c.Func.(*ast.IdentExpr)
	return ok && name.Value == concatName
}

// single keeps an operand to one value: as the last argument a call or "..." would bring all of theirs.
func single(e ast.Expr) ast.Expr {
	switch x := e.(type) {
	case *ast.FuncCallExpr:
		x.AdjustRet = true
	case *ast.Comma3Expr:
		x.AdjustRet = true
	}
	return e
}
