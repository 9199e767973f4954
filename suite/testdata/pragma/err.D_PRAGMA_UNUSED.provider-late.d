#pragma D attributes Stable/Stable/Common provider foo provider
provider foo { probe a(); };
BEGIN { }
