package diag

// Code is the tag of an error of the D compiler, the one that -x errtags
// prints in brackets. The constants are named as the tags are, so that one
// search finds the constant, its uses, its tests and its documentation.
type Code string

// The tags of the D compiler.
const (
	// D_ACT_SPEC: a destructive action stands in a clause that speculates.
	D_ACT_SPEC Code = "D_ACT_SPEC"
	// D_ADDROF_BITFIELD: the operand of & is a bit-field.
	D_ADDROF_BITFIELD Code = "D_ADDROF_BITFIELD"
	// D_ADDROF_LVAL: the operand of & is not an lvalue.
	D_ADDROF_LVAL Code = "D_ADDROF_LVAL"
	// D_ADDROF_VAR: the operand of & is a D variable, which has no address.
	D_ADDROF_VAR Code = "D_ADDROF_VAR"
	// D_AGG_COMM: an aggregation stands in a clause after commit().
	D_AGG_COMM Code = "D_AGG_COMM"
	// D_AGG_FUNC: an aggregation is assigned something else than an aggregating function.
	D_AGG_FUNC Code = "D_AGG_FUNC"
	// D_AGG_MDIM: an aggregation is given more than one list of keys.
	D_AGG_MDIM Code = "D_AGG_MDIM"
	// D_AGG_NULL: an aggregation stands where its value cannot be used.
	D_AGG_NULL Code = "D_AGG_NULL"
	// D_AGG_REDEF: an aggregation is used with a second aggregating function.
	D_AGG_REDEF Code = "D_AGG_REDEF"
	// D_AGG_SCALAR: the argument of an aggregating function is not scalar.
	D_AGG_SCALAR Code = "D_AGG_SCALAR"
	// D_AGG_SPEC: an aggregation stands in a clause that speculates.
	D_AGG_SPEC Code = "D_AGG_SPEC"
	// D_ALLOCA_INCOMPAT: an alloca pointer and another pointer are mixed in one variable or expression.
	D_ALLOCA_INCOMPAT Code = "D_ALLOCA_INCOMPAT"
	// D_ALLOCA_SIZE: the size given to alloca() is not an integer or is out of range.
	D_ALLOCA_SIZE Code = "D_ALLOCA_SIZE"
	// D_ARGS_IDX: args[] is indexed by something else than an integer constant.
	D_ARGS_IDX Code = "D_ARGS_IDX"
	// D_ARGS_MULTI: args[] is used in a clause whose probes have different arguments.
	D_ARGS_MULTI Code = "D_ARGS_MULTI"
	// D_ARGS_NONE: args[] is indexed beyond the arguments that the probe has.
	D_ARGS_NONE Code = "D_ARGS_NONE"
	// D_ARGS_TYPE: the type of an args[] element is unknown or cannot be used.
	D_ARGS_TYPE Code = "D_ARGS_TYPE"
	// D_ARGS_XLATOR: an args[] element needs a translator that does not exist.
	D_ARGS_XLATOR Code = "D_ARGS_XLATOR"
	// D_ARR_BADREF: an index is applied to something that is not an array, pointer or associative array.
	D_ARR_BADREF Code = "D_ARR_BADREF"
	// D_ARR_BOUNDS: a constant index lies outside the array.
	D_ARR_BOUNDS Code = "D_ARR_BOUNDS"
	// D_ARR_LOCAL: an associative array is used as clause-local variable.
	D_ARR_LOCAL Code = "D_ARR_LOCAL"
	// D_ASRELO: an assembler relocation cannot be expressed in the output.
	D_ASRELO Code = "D_ASRELO"
	// D_ATTR_MIN: the attributes of the program are below the minimum set by -x amin.
	D_ATTR_MIN Code = "D_ATTR_MIN"
	// D_CAST_INVAL: a cast between types that cannot be converted.
	D_CAST_INVAL Code = "D_CAST_INVAL"
	// D_CG_DYN: code was asked for a value of dynamic type.
	D_CG_DYN Code = "D_CG_DYN"
	// D_CG_EXPR: an expression is too complicated for the code generator.
	D_CG_EXPR Code = "D_CG_EXPR"
	// D_CHR_NL: a newline inside a character constant.
	D_CHR_NL Code = "D_CHR_NL"
	// D_CHR_NULL: an empty character constant.
	D_CHR_NULL Code = "D_CHR_NULL"
	// D_CHR_OFLOW: a character constant of more than eight bytes.
	D_CHR_OFLOW Code = "D_CHR_OFLOW"
	// D_CLEAR_AGGARG: the argument of clear() is not an aggregation.
	D_CLEAR_AGGARG Code = "D_CLEAR_AGGARG"
	// D_CLEAR_AGGBAD: the argument of clear() is an aggregation that does not exist or has keys.
	D_CLEAR_AGGBAD Code = "D_CLEAR_AGGBAD"
	// D_CLEAR_PROTO: clear() has the wrong number of arguments.
	D_CLEAR_PROTO Code = "D_CLEAR_PROTO"
	// D_COMM_DREC: commit() follows a data-recording action in one clause.
	D_COMM_DREC Code = "D_COMM_DREC"
	// D_DECL_ARRBIG: an array dimension is too large.
	D_DECL_ARRBIG Code = "D_DECL_ARRBIG"
	// D_DECL_ARRNULL: an array dimension is missing or has no size where one is needed.
	D_DECL_ARRNULL Code = "D_DECL_ARRNULL"
	// D_DECL_ARRSUB: an array dimension is not a positive integer constant.
	D_DECL_ARRSUB Code = "D_DECL_ARRSUB"
	// D_DECL_BADCLASS: a storage class does not fit the declaration.
	D_DECL_BADCLASS Code = "D_DECL_BADCLASS"
	// D_DECL_BFCONST: the width of a bit-field is not an integer constant.
	D_DECL_BFCONST Code = "D_DECL_BFCONST"
	// D_DECL_BFSIZE: the width of a bit-field is zero with a name, negative, or more than its type has.
	D_DECL_BFSIZE Code = "D_DECL_BFSIZE"
	// D_DECL_BFTYPE: a bit-field of a type that is not integral.
	D_DECL_BFTYPE Code = "D_DECL_BFTYPE"
	// D_DECL_CHARATTR: short or long is used with char.
	D_DECL_CHARATTR Code = "D_DECL_CHARATTR"
	// D_DECL_CLASS: more than one storage class in a declaration.
	D_DECL_CLASS Code = "D_DECL_CLASS"
	// D_DECL_COMBO: type specifiers that do not go together.
	D_DECL_COMBO Code = "D_DECL_COMBO"
	// D_DECL_DYNOBJ: an object of dynamic type cannot be declared.
	D_DECL_DYNOBJ Code = "D_DECL_DYNOBJ"
	// D_DECL_ENCONST: the value of an enumerator is not an integer constant.
	D_DECL_ENCONST Code = "D_DECL_ENCONST"
	// D_DECL_ENOFLOW: the value of an enumerator does not fit.
	D_DECL_ENOFLOW Code = "D_DECL_ENOFLOW"
	// D_DECL_IDENT: a declaration names something that cannot be declared.
	D_DECL_IDENT Code = "D_DECL_IDENT"
	// D_DECL_IDRED: an identifier is declared again with another type or kind.
	D_DECL_IDRED Code = "D_DECL_IDRED"
	// D_DECL_INCOMPLETE: an object of incomplete type cannot be declared.
	D_DECL_INCOMPLETE Code = "D_DECL_INCOMPLETE"
	// D_DECL_LOCASSC: an associative array is declared clause-local.
	D_DECL_LOCASSC Code = "D_DECL_LOCASSC"
	// D_DECL_LONGINT: long is used with a type that is neither integer nor floating-point.
	D_DECL_LONGINT Code = "D_DECL_LONGINT"
	// D_DECL_MNAME: a member of a struct or union has no name, or has one twice.
	D_DECL_MNAME Code = "D_DECL_MNAME"
	// D_DECL_PARMCLASS: a parameter has a storage class other than register.
	D_DECL_PARMCLASS Code = "D_DECL_PARMCLASS"
	// D_DECL_PROTO_FORM: void is not the only parameter of a prototype.
	D_DECL_PROTO_FORM Code = "D_DECL_PROTO_FORM"
	// D_DECL_PROTO_NAME: a parameter of a prototype needs a name, or has one that it may not have.
	D_DECL_PROTO_NAME Code = "D_DECL_PROTO_NAME"
	// D_DECL_PROTO_TYPE: a parameter of a prototype has a type that cannot be passed.
	D_DECL_PROTO_TYPE Code = "D_DECL_PROTO_TYPE"
	// D_DECL_PROTO_VARARGS: a variable argument list where it is not allowed, or one that is not last.
	D_DECL_PROTO_VARARGS Code = "D_DECL_PROTO_VARARGS"
	// D_DECL_PROTO_VOID: void is used as parameter where it is not allowed.
	D_DECL_PROTO_VOID Code = "D_DECL_PROTO_VOID"
	// D_DECL_SCOPE: a declared name has a scope (backquote).
	D_DECL_SCOPE Code = "D_DECL_SCOPE"
	// D_DECL_SIGNINT: signed or unsigned is used with a type that is not integer.
	D_DECL_SIGNINT Code = "D_DECL_SIGNINT"
	// D_DECL_TYPERED: a type is defined again.
	D_DECL_TYPERED Code = "D_DECL_TYPERED"
	// D_DECL_USELESS: a declaration declares nothing.
	D_DECL_USELESS Code = "D_DECL_USELESS"
	// D_DECL_VOIDATTR: attributes such as signed or long are used with void.
	D_DECL_VOIDATTR Code = "D_DECL_VOIDATTR"
	// D_DECL_VOIDOBJ: an object of type void cannot be declared.
	D_DECL_VOIDOBJ Code = "D_DECL_VOIDOBJ"
	// D_DEREF_FUNC: a function is dereferenced.
	D_DEREF_FUNC Code = "D_DEREF_FUNC"
	// D_DEREF_NONPTR: the operand of * or -> is not a pointer.
	D_DEREF_NONPTR Code = "D_DEREF_NONPTR"
	// D_DEREF_VOID: a pointer to void is dereferenced.
	D_DEREF_VOID Code = "D_DEREF_VOID"
	// D_DIV_ZERO: a constant expression divides by zero.
	D_DIV_ZERO Code = "D_DIV_ZERO"
	// D_DREC_COMM: a data-recording action follows commit() in one clause.
	D_DREC_COMM Code = "D_DREC_COMM"
	// D_EMPTY: the program has no text and -x empty is not set.
	D_EMPTY Code = "D_EMPTY"
	// D_EXIT_SPEC: exit() stands in a clause that speculates.
	D_EXIT_SPEC Code = "D_EXIT_SPEC"
	// D_FREOPEN_INVALID: the file name given to freopen() cannot be used.
	D_FREOPEN_INVALID Code = "D_FREOPEN_INVALID"
	// D_FUNC_IDENT: something that is not a function is called.
	D_FUNC_IDENT Code = "D_FUNC_IDENT"
	// D_FUNC_IDKIND: an identifier of another kind is used as function.
	D_FUNC_IDKIND Code = "D_FUNC_IDKIND"
	// D_FUNC_UNDEF: a function that does not exist is called.
	D_FUNC_UNDEF Code = "D_FUNC_UNDEF"
	// D_IDENT_AMBIG: an identifier is both enumerator and variable, and which is meant is not clear.
	D_IDENT_AMBIG Code = "D_IDENT_AMBIG"
	// D_IDENT_BADREF: an identifier is used in a way its kind does not allow.
	D_IDENT_BADREF Code = "D_IDENT_BADREF"
	// D_IDENT_UNDEF: an identifier is not defined.
	D_IDENT_UNDEF Code = "D_IDENT_UNDEF"
	// D_ID_OFLOW: an identifier, or the number of identifiers, is over the limit.
	D_ID_OFLOW Code = "D_ID_OFLOW"
	// D_INT_DIGIT: a digit that is not one in the base of the constant.
	D_INT_DIGIT Code = "D_INT_DIGIT"
	// D_INT_OFLOW: an integer constant that does not fit 64 bits.
	D_INT_OFLOW Code = "D_INT_OFLOW"
	// D_KEY_TYPE: a key of an associative array or aggregation has the wrong type or number.
	D_KEY_TYPE Code = "D_KEY_TYPE"
	// D_LLQUANT_FACTORTYPE: the factor of llquantize() is not an integer constant.
	D_LLQUANT_FACTORTYPE Code = "D_LLQUANT_FACTORTYPE"
	// D_LLQUANT_FACTORVAL: the factor of llquantize() is out of range.
	D_LLQUANT_FACTORVAL Code = "D_LLQUANT_FACTORVAL"
	// D_LLQUANT_HMAGTYPE: the high magnitude of llquantize() is not an integer constant.
	D_LLQUANT_HMAGTYPE Code = "D_LLQUANT_HMAGTYPE"
	// D_LLQUANT_HMAGVAL: the high magnitude of llquantize() is out of range.
	D_LLQUANT_HMAGVAL Code = "D_LLQUANT_HMAGVAL"
	// D_LLQUANT_LMAGTYPE: the low magnitude of llquantize() is not an integer constant.
	D_LLQUANT_LMAGTYPE Code = "D_LLQUANT_LMAGTYPE"
	// D_LLQUANT_LMAGVAL: the low magnitude of llquantize() is out of range.
	D_LLQUANT_LMAGVAL Code = "D_LLQUANT_LMAGVAL"
	// D_LLQUANT_MATCHFACTOR: the factor of llquantize() differs from an earlier use of the aggregation.
	D_LLQUANT_MATCHFACTOR Code = "D_LLQUANT_MATCHFACTOR"
	// D_LLQUANT_MATCHHMAG: the high magnitude of llquantize() differs from an earlier use of the aggregation.
	D_LLQUANT_MATCHHMAG Code = "D_LLQUANT_MATCHHMAG"
	// D_LLQUANT_MATCHLMAG: the low magnitude of llquantize() differs from an earlier use of the aggregation.
	D_LLQUANT_MATCHLMAG Code = "D_LLQUANT_MATCHLMAG"
	// D_LLQUANT_MATCHSTEPS: the number of steps of llquantize() differs from an earlier use of the aggregation.
	D_LLQUANT_MATCHSTEPS Code = "D_LLQUANT_MATCHSTEPS"
	// D_LLQUANT_STEPTYPE: the number of steps of llquantize() is not an integer constant.
	D_LLQUANT_STEPTYPE Code = "D_LLQUANT_STEPTYPE"
	// D_LLQUANT_STEPVAL: the number of steps of llquantize() is out of range.
	D_LLQUANT_STEPVAL Code = "D_LLQUANT_STEPVAL"
	// D_LQUANT_BASETYPE: the lower bound of lquantize() is not an integer constant.
	D_LQUANT_BASETYPE Code = "D_LQUANT_BASETYPE"
	// D_LQUANT_BASEVAL: the lower bound of lquantize() does not fit 32 bits.
	D_LQUANT_BASEVAL Code = "D_LQUANT_BASEVAL"
	// D_LQUANT_LIMTYPE: the upper bound of lquantize() is not an integer constant.
	D_LQUANT_LIMTYPE Code = "D_LQUANT_LIMTYPE"
	// D_LQUANT_LIMVAL: the upper bound of lquantize() does not fit 32 bits.
	D_LQUANT_LIMVAL Code = "D_LQUANT_LIMVAL"
	// D_LQUANT_MATCHBASE: the lower bound of lquantize() differs from an earlier use of the aggregation.
	D_LQUANT_MATCHBASE Code = "D_LQUANT_MATCHBASE"
	// D_LQUANT_MATCHLIM: the upper bound of lquantize() differs from an earlier use of the aggregation.
	D_LQUANT_MATCHLIM Code = "D_LQUANT_MATCHLIM"
	// D_LQUANT_MATCHSTEP: the step of lquantize() differs from an earlier use of the aggregation.
	D_LQUANT_MATCHSTEP Code = "D_LQUANT_MATCHSTEP"
	// D_LQUANT_MISMATCH: the lower bound of lquantize() is not below the upper one.
	D_LQUANT_MISMATCH Code = "D_LQUANT_MISMATCH"
	// D_LQUANT_STEPLARGE: the step of lquantize() is larger than its range or than 16 bits.
	D_LQUANT_STEPLARGE Code = "D_LQUANT_STEPLARGE"
	// D_LQUANT_STEPSMALL: the step of lquantize() gives more than 65535 levels.
	D_LQUANT_STEPSMALL Code = "D_LQUANT_STEPSMALL"
	// D_LQUANT_STEPTYPE: the step of lquantize() is not an integer constant.
	D_LQUANT_STEPTYPE Code = "D_LQUANT_STEPTYPE"
	// D_LQUANT_STEPVAL: the step of lquantize() is out of range.
	D_LQUANT_STEPVAL Code = "D_LQUANT_STEPVAL"
	// D_MACRO_OFLOW: the value of a macro variable does not fit 64 bits.
	D_MACRO_OFLOW Code = "D_MACRO_OFLOW"
	// D_MACRO_UNDEF: a macro variable or argument has no value.
	D_MACRO_UNDEF Code = "D_MACRO_UNDEF"
	// D_MACRO_UNUSED: an argument of the command line is not used by the program.
	D_MACRO_UNUSED Code = "D_MACRO_UNUSED"
	// D_NORMALIZE_AGGARG: the first argument of normalize() or denormalize() is not an aggregation.
	D_NORMALIZE_AGGARG Code = "D_NORMALIZE_AGGARG"
	// D_NORMALIZE_AGGBAD: the aggregation given to normalize() or denormalize() does not exist or has keys.
	D_NORMALIZE_AGGBAD Code = "D_NORMALIZE_AGGBAD"
	// D_NORMALIZE_PROTO: normalize() or denormalize() has the wrong number of arguments.
	D_NORMALIZE_PROTO Code = "D_NORMALIZE_PROTO"
	// D_NORMALIZE_SCALAR: the factor of normalize() is not scalar.
	D_NORMALIZE_SCALAR Code = "D_NORMALIZE_SCALAR"
	// D_OBSOLETE1: a construct that is obsolete.
	D_OBSOLETE1 Code = "D_OBSOLETE1"
	// D_OFFSETOF_BITFIELD: offsetof names a bit-field.
	D_OFFSETOF_BITFIELD Code = "D_OFFSETOF_BITFIELD"
	// D_OFFSETOF_TYPE: offsetof names something that is not a struct or union.
	D_OFFSETOF_TYPE Code = "D_OFFSETOF_TYPE"
	// D_OP_ACT: an action is used as operand.
	D_OP_ACT Code = "D_OP_ACT"
	// D_OP_ARITH: an operator needs arithmetic operands.
	D_OP_ARITH Code = "D_OP_ARITH"
	// D_OP_ARRFUN: an array or function is used as operand.
	D_OP_ARRFUN Code = "D_OP_ARRFUN"
	// D_OP_DYN: a value of dynamic type is used as operand.
	D_OP_DYN Code = "D_OP_DYN"
	// D_OP_IDENT: an operator needs an identifier.
	D_OP_IDENT Code = "D_OP_IDENT"
	// D_OP_INCOMPAT: the operands of an operator do not go together.
	D_OP_INCOMPAT Code = "D_OP_INCOMPAT"
	// D_OP_INCOMPLETE: an operand has incomplete type.
	D_OP_INCOMPLETE Code = "D_OP_INCOMPLETE"
	// D_OP_INT: an operator needs integer operands.
	D_OP_INT Code = "D_OP_INT"
	// D_OP_LVAL: an operator needs an lvalue.
	D_OP_LVAL Code = "D_OP_LVAL"
	// D_OP_PTR: an operator needs a pointer.
	D_OP_PTR Code = "D_OP_PTR"
	// D_OP_SCALAR: an operator needs scalar operands.
	D_OP_SCALAR Code = "D_OP_SCALAR"
	// D_OP_SOU: an operator needs a struct or union.
	D_OP_SOU Code = "D_OP_SOU"
	// D_OP_VFPTR: an operation on a pointer to void or to a function.
	D_OP_VFPTR Code = "D_OP_VFPTR"
	// D_OP_WRITE: something that cannot be written is assigned to.
	D_OP_WRITE Code = "D_OP_WRITE"
	// D_PCAP_ADDR: the address given to pcap() is not a pointer or integer.
	D_PCAP_ADDR Code = "D_PCAP_ADDR"
	// D_PCAP_PROTO: the protocol given to pcap() is not an integer.
	D_PCAP_PROTO Code = "D_PCAP_PROTO"
	// D_PCAP_SIZE: the capture size of pcap() is out of range.
	D_PCAP_SIZE Code = "D_PCAP_SIZE"
	// D_PDESC_INVAL: a probe description is malformed.
	D_PDESC_INVAL Code = "D_PDESC_INVAL"
	// D_PDESC_ZERO: a probe description matches no probe.
	D_PDESC_ZERO Code = "D_PDESC_ZERO"
	// D_PRAGCTL_INVAL: a control line that is not known.
	D_PRAGCTL_INVAL Code = "D_PRAGCTL_INVAL"
	// D_PRAGERR: #error or #pragma D error.
	D_PRAGERR Code = "D_PRAGERR"
	// D_PRAGMA_DEPEND: #pragma D depends_on names something that is not there.
	D_PRAGMA_DEPEND Code = "D_PRAGMA_DEPEND"
	// D_PRAGMA_INVAL: a #pragma D with an unknown name, class or attribute.
	D_PRAGMA_INVAL Code = "D_PRAGMA_INVAL"
	// D_PRAGMA_MALFORM: a #pragma D whose arguments have the wrong form.
	D_PRAGMA_MALFORM Code = "D_PRAGMA_MALFORM"
	// D_PRAGMA_OPTSET: #pragma D option names an option or value that cannot be set.
	D_PRAGMA_OPTSET Code = "D_PRAGMA_OPTSET"
	// D_PRAGMA_SCOPE: a #pragma D where it is not allowed, or about something defined outside the program.
	D_PRAGMA_SCOPE Code = "D_PRAGMA_SCOPE"
	// D_PRAGMA_UNUSED: a #pragma D about an identifier that the program does not declare.
	D_PRAGMA_UNUSED Code = "D_PRAGMA_UNUSED"
	// D_PRED_SCALAR: a predicate is not scalar.
	D_PRED_SCALAR Code = "D_PRED_SCALAR"
	// D_PRINTA_AGGARG: printa() has an argument that is not an aggregation.
	D_PRINTA_AGGARG Code = "D_PRINTA_AGGARG"
	// D_PRINTA_AGGBAD: printa() names an aggregation that does not exist or has keys.
	D_PRINTA_AGGBAD Code = "D_PRINTA_AGGBAD"
	// D_PRINTA_AGGKEY: the aggregations of one printa() have different keys.
	D_PRINTA_AGGKEY Code = "D_PRINTA_AGGKEY"
	// D_PRINTA_AGGPROTO: the aggregations of one printa() do not go together.
	D_PRINTA_AGGPROTO Code = "D_PRINTA_AGGPROTO"
	// D_PRINTA_PROTO: printa() has the wrong number of arguments.
	D_PRINTA_PROTO Code = "D_PRINTA_PROTO"
	// D_PRINTF_AGG_CONV: an aggregation conversion stands outside printa().
	D_PRINTF_AGG_CONV Code = "D_PRINTF_AGG_CONV"
	// D_PRINTF_ARG_EXTRA: more arguments than conversions in a format.
	D_PRINTF_ARG_EXTRA Code = "D_PRINTF_ARG_EXTRA"
	// D_PRINTF_ARG_FMT: the format is not a string constant or has an invalid conversion.
	D_PRINTF_ARG_FMT Code = "D_PRINTF_ARG_FMT"
	// D_PRINTF_ARG_PROTO: fewer arguments than conversions in a format.
	D_PRINTF_ARG_PROTO Code = "D_PRINTF_ARG_PROTO"
	// D_PRINTF_ARG_TYPE: an argument has a type that its conversion cannot print.
	D_PRINTF_ARG_TYPE Code = "D_PRINTF_ARG_TYPE"
	// D_PRINTF_DYN_PROTO: a * in a format has no argument.
	D_PRINTF_DYN_PROTO Code = "D_PRINTF_DYN_PROTO"
	// D_PRINTF_DYN_TYPE: the argument of a * in a format is not an integer.
	D_PRINTF_DYN_TYPE Code = "D_PRINTF_DYN_TYPE"
	// D_PRINTF_FMT_EMPTY: the format is empty.
	D_PRINTF_FMT_EMPTY Code = "D_PRINTF_FMT_EMPTY"
	// D_PRINT_SIZE: the value given to print() has no size.
	D_PRINT_SIZE Code = "D_PRINT_SIZE"
	// D_PROC_ALIGN: a pid probe lies on an address that is not aligned.
	D_PROC_ALIGN Code = "D_PROC_ALIGN"
	// D_PROC_BADPID: a process id in a probe description or name is not valid.
	D_PROC_BADPID Code = "D_PROC_BADPID"
	// D_PROC_BADPROV: the provider part of a pid probe description is not valid.
	D_PROC_BADPROV Code = "D_PROC_BADPROV"
	// D_PROC_CREATEFAIL: a pid probe cannot be created.
	D_PROC_CREATEFAIL Code = "D_PROC_CREATEFAIL"
	// D_PROC_DYN: the process has no dynamic linker data to find its modules by.
	D_PROC_DYN Code = "D_PROC_DYN"
	// D_PROC_FUNC: the function of a pid probe does not exist.
	D_PROC_FUNC Code = "D_PROC_FUNC"
	// D_PROC_GRAB: the process cannot be taken under control.
	D_PROC_GRAB Code = "D_PROC_GRAB"
	// D_PROC_LIB: the module of a pid probe does not exist.
	D_PROC_LIB Code = "D_PROC_LIB"
	// D_PROC_NAME: the name of a pid probe is not entry, return or an offset.
	D_PROC_NAME Code = "D_PROC_NAME"
	// D_PROC_NODEV: pid probes are not available on this system.
	D_PROC_NODEV Code = "D_PROC_NODEV"
	// D_PROC_OFF: the offset of a pid probe is not within its function.
	D_PROC_OFF Code = "D_PROC_OFF"
	// D_PROC_USDT: the static probes of a process cannot be read.
	D_PROC_USDT Code = "D_PROC_USDT"
	// D_PROTO_ARG: an argument of a function has the wrong type.
	D_PROTO_ARG Code = "D_PROTO_ARG"
	// D_PROTO_LEN: a function has the wrong number of arguments.
	D_PROTO_LEN Code = "D_PROTO_LEN"
	// D_PROV_BADNAME: the name of a provider is not valid.
	D_PROV_BADNAME Code = "D_PROV_BADNAME"
	// D_PROV_INCOMPAT: a provider is declared again with other probes.
	D_PROV_INCOMPAT Code = "D_PROV_INCOMPAT"
	// D_PROV_PRARGLEN: the translated arguments of a provider's probe do not go with its arguments.
	D_PROV_PRARGLEN Code = "D_PROV_PRARGLEN"
	// D_PROV_PRDUP: a provider declares a probe twice.
	D_PROV_PRDUP Code = "D_PROV_PRDUP"
	// D_PROV_PRXLATOR: no translator from an argument of a provider's probe to its translated type.
	D_PROV_PRXLATOR Code = "D_PROV_PRXLATOR"
	// D_QUANT_PROTO: quantize() has the wrong arguments.
	D_QUANT_PROTO Code = "D_QUANT_PROTO"
	// D_REGS_IDX: uregs[] is indexed by something else than a known register.
	D_REGS_IDX Code = "D_REGS_IDX"
	// D_SIZEOF_BITFIELD: the operand of sizeof is a bit-field.
	D_SIZEOF_BITFIELD Code = "D_SIZEOF_BITFIELD"
	// D_SIZEOF_TYPE: the operand of sizeof has no size.
	D_SIZEOF_TYPE Code = "D_SIZEOF_TYPE"
	// D_SPEC_COMM: speculate() follows commit() in one clause.
	D_SPEC_COMM Code = "D_SPEC_COMM"
	// D_SPEC_DREC: speculate() follows a data-recording action in one clause.
	D_SPEC_DREC Code = "D_SPEC_DREC"
	// D_SPEC_SPEC: more than one speculate() in a clause.
	D_SPEC_SPEC Code = "D_SPEC_SPEC"
	// D_STACK_PROTO: stack() has the wrong number of arguments.
	D_STACK_PROTO Code = "D_STACK_PROTO"
	// D_STACK_SIZE: the size given to stack() is not an integer constant or out of range.
	D_STACK_SIZE Code = "D_STACK_SIZE"
	// D_STRINGOF_TYPE: the operand of stringof cannot become a string.
	D_STRINGOF_TYPE Code = "D_STRINGOF_TYPE"
	// D_STR_NL: a newline inside a string constant.
	D_STR_NL Code = "D_STR_NL"
	// D_SYM_BADREF: a kernel or process symbol is used in a way that is not possible.
	D_SYM_BADREF Code = "D_SYM_BADREF"
	// D_SYM_MODEL: a symbol belongs to a module of another data model.
	D_SYM_MODEL Code = "D_SYM_MODEL"
	// D_SYM_NOTYPES: a module has no type information for a symbol.
	D_SYM_NOTYPES Code = "D_SYM_NOTYPES"
	// D_SYNTAX: the text is not a D program.
	D_SYNTAX Code = "D_SYNTAX"
	// D_TRACEMEM_ADDR: the address given to tracemem() is not a pointer or integer.
	D_TRACEMEM_ADDR Code = "D_TRACEMEM_ADDR"
	// D_TRACEMEM_SIZE: the size given to tracemem() is not a positive integer constant.
	D_TRACEMEM_SIZE Code = "D_TRACEMEM_SIZE"
	// D_TRACE_DYN: a value of dynamic type is given to trace().
	D_TRACE_DYN Code = "D_TRACE_DYN"
	// D_TRACE_VOID: a void expression is given to trace().
	D_TRACE_VOID Code = "D_TRACE_VOID"
	// D_TRUNC_AGGARG: the first argument of trunc() is not an aggregation.
	D_TRUNC_AGGARG Code = "D_TRUNC_AGGARG"
	// D_TRUNC_AGGBAD: the aggregation given to trunc() does not exist or has keys.
	D_TRUNC_AGGBAD Code = "D_TRUNC_AGGBAD"
	// D_TYPE_ERR: a type does not exist or is not usable.
	D_TYPE_ERR Code = "D_TYPE_ERR"
	// D_TYPE_MEMBER: a struct or union has no such member.
	D_TYPE_MEMBER Code = "D_TYPE_MEMBER"
	// D_UNKNOWN: an error without a tag of its own.
	D_UNKNOWN Code = "D_UNKNOWN"
	// D_USTACK_FRAMES: the number of frames given to ustack() or jstack() is not a constant in range.
	D_USTACK_FRAMES Code = "D_USTACK_FRAMES"
	// D_USTACK_PROTO: ustack() or jstack() has the wrong number of arguments.
	D_USTACK_PROTO Code = "D_USTACK_PROTO"
	// D_USTACK_STRSIZE: the string size given to ustack() or jstack() is not a constant in range.
	D_USTACK_STRSIZE Code = "D_USTACK_STRSIZE"
	// D_VAR_UNDEF: a variable is read that no statement assigns.
	D_VAR_UNDEF Code = "D_VAR_UNDEF"
	// D_VAR_UNSUP: a built-in variable has no meaning here.
	D_VAR_UNSUP Code = "D_VAR_UNSUP"
	// D_XLATE_INCOMPAT: a translator is given an expression of another type.
	D_XLATE_INCOMPAT Code = "D_XLATE_INCOMPAT"
	// D_XLATE_MEMB: a translator assigns a member that its type does not have, or uses one it does not assign.
	D_XLATE_MEMB Code = "D_XLATE_MEMB"
	// D_XLATE_NOCONV: a translated member has another type than its expression.
	D_XLATE_NOCONV Code = "D_XLATE_NOCONV"
	// D_XLATE_NONE: no translator from one type to the other.
	D_XLATE_NONE Code = "D_XLATE_NONE"
	// D_XLATE_REDECL: a translator is declared twice.
	D_XLATE_REDECL Code = "D_XLATE_REDECL"
	// D_XLATE_SOU: a translator's result is not a struct or union.
	D_XLATE_SOU Code = "D_XLATE_SOU"
)

// Known reports whether c is one of the tags of this package.
func Known(c Code) bool { return Describe(c) != "" }

// Codes returns all tags in alphabetical order. The caller owns the slice.
func Codes() []Code {
	list := make([]Code, len(descriptions))
	for i, d := range descriptions {
		list[i] = d.code
	}
	return list
}

// Describe returns one sentence (lower case, no period) that says when c is
// raised, or "" when c is not a known tag.
func Describe(c Code) string {
	lo, hi := 0, len(descriptions)
	for lo < hi {
		mid := int(uint(lo+hi) >> 1)
		if descriptions[mid].code < c {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	if lo < len(descriptions) && descriptions[lo].code == c {
		return descriptions[lo].text
	}
	return ""
}
