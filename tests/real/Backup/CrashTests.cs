using Jumpbag.Tests.Support;

namespace Jumpbag.Tests.Real.Backup;

/// <summary>Whatever breaks off or happens at once, the repository stays whole, and the next run goes on.</summary>
public sealed class CrashTests : IDisposable
{
    private const string Script = """
        export RESTIC_PASSWORD=x LC_ALL=C.UTF-8 XDG_CACHE_HOME="$PWD/cache"
        check() { restic -q -r "$1" unlock --remove-all >/dev/null 2>&1; restic -r "$1" check --read-data >checked 2>&1 && echo checked || cat checked; }
        """;

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void killed_at_any_moment_it_leaves_a_whole_repository_and_goes_on()
    {
        ShellResult result = Run("""
            mkdir src; head -c 90M /dev/urandom >src/a; for i in $(seq 300); do head -c 20000 /dev/urandom >src/$i; done
            jumpbag backup init -q --repo ours
            for i in 1 2 3 4 5; do
                "$JUMPBAG" backup files -q --repo ours src 2>/dev/null & pid=$!
                # From the first second, which scrypt takes, to where it is nearly done.
                sleep 0.$((RANDOM % 9)); [ $i -lt 3 ] || { for t in $(seq 400); do [ $(find ours/data -type f | wc -l) -ge $((i * 2 - 4)) ] && break; sleep 0.05; done; }
                kill -9 $pid 2>/dev/null; wait $pid 2>/dev/null
                restic -r ours check --no-lock --read-data >checked 2>&1 || cat checked
            done
            jumpbag backup files --repo ours src 2>said; echo $?
            [ -n "$(ls ours/locks)" ] && echo a lock is left
            check ours; jumpbag restore -q --repo ours latest:/src out; diff -r src out && echo same
            """);
        Assert.Equal("0\nchecked\nsame\n", result.Output + result.Errors);
    }

    [Fact]
    public void stopped_it_says_so_and_the_next_run_does_not_save_again_what_was_saved()
    {
        ShellResult result = Run("""
            mkdir src; head -c 120M /dev/urandom >src/a; mkfifo go; mkdir src/z; for i in $(seq 2000); do echo $i >src/z/$i; done
            jumpbag backup init -q --repo ours
            "$JUMPBAG" backup files -q --repo ours src 2>said & pid=$!
            for t in $(seq 2000); do [ $(find ours/data -type f | wc -l) -ge 3 ] && break; sleep 0.02; done
            kill -TERM $pid; wait $pid; echo $?; grep -c '^warning: interrupted: no snapshot was made' said; ls ours/snapshots ours/locks
            jumpbag backup files --json -q --repo ours src >said; python3 -c 'import json; s = json.load(open("said")); print(s["newBytes"] < s["bytes"] - 30e6)'
            check ours
            """);
        Assert.Equal("130\n1\nours/locks:\n\nours/snapshots:\nTrue\nchecked\n", result.Output + result.Errors);
    }

    /// <summary>At every change that they make: tests/unit, BrokenOffTests. Here it is a process that dies, and restic that looks.</summary>
    [Fact]
    public void killed_while_it_prunes_heals_or_copies_it_leaves_what_was_whole_and_goes_on()
    {
        ShellResult result = Run("""
            export JUMPBAG_STATE="$PWD/state" JUMPBAG_CONFIG="$PWD/jumpbag.toml"; echo x >key
            printf '[sources.s]\npath = ["%s"]\n[copies.near]\nurl = "%s"\npassword-file = "%s"\n[copies.near.keep]\nlast = 1\n[copies.far]\ntier = "offsite"\nurl = "%s"\npassword-file = "%s"\n' "$PWD/src" "$PWD/near" "$PWD/key" "$PWD/far" "$PWD/key" >jumpbag.toml
            mkdir src; for i in $(seq 24); do head -c 2M /dev/urandom >src/$i; done
            jumpbag backup init -q; cp -a far far.new; jumpbag backup run -q; for i in $(seq 2 3 24); do head -c 2M /dev/urandom >src/$i; done; jumpbag backup run -q; jumpbag backup forget -q --copy near >/dev/null
            mv near near.full; mv far far.full
            state() { find near far -type f | md5sum; }
            # From the moment at which something has changed on: the first change is the lock.
            strike() { local before; before=$(state); "$JUMPBAG" backup "$@" 2>/dev/null >&2 & pid=$!; for t in $(seq 500); do [ "$(state)" != "$before" ] && break; sleep 0.01; done; sleep 0.$((3 + RANDOM % 5)); kill -9 $pid 2>/dev/null; wait $pid 2>/dev/null; }
            whole() { restic -r $1 check --no-lock --read-data >checked 2>&1 || cat checked; }
            new() { rm -rf near far; cp -a $1 near; cp -a $2 far; }
            for i in 1 2; do
                new near.full far.full; strike prune near; whole near; jumpbag backup prune -q near 2>/dev/null; echo prune $?; check near; [ $(du -sm near | cut -f1) -lt 60 ] || find near/data -type f -size +1M; find near -name '*-tmp-*'
                new near.full far.new; strike copy --all --to far; whole far; jumpbag backup copy -q --all --to far 2>/dev/null; echo copy $?; check far; restic -q -r far snapshots --json | grep -o '"short_id"' | wc -l
                new near.full far.full; rm $(find far/data -type f -size +3M | head -3); strike heal far; jumpbag backup heal -q far 2>/dev/null; echo heal $?; check far
            done
            """);
        Assert.Equal(string.Concat(Enumerable.Repeat("prune 0\nchecked\ncopy 0\nchecked\n1\nheal 0\nchecked\n", 2)), result.Output + result.Errors);
    }

    [Fact]
    public void a_full_disk_is_told_and_harms_nothing()
    {
        Require.Root();
        ShellResult result = Run("""
            mkdir src small; head -c 70M /dev/urandom >src/a; mount -t tmpfs -o size=50m none small; trap 'umount "$PWD/small"' EXIT
            jumpbag backup init -q --repo small/ours
            jumpbag backup files -q --repo small/ours src 2>said; echo $?; sed "s|$PWD/||; s|[0-9a-f]\{64\}|PACK|; s|/../|/XX/|" said; ls small/ours/snapshots small/ours/locks
            check small/ours; find small -name '*tmp*' | wc -l
            mount -o remount,size=200m small
            jumpbag backup files -q --repo small/ours src; echo $?; check small/ours
            """);
        Assert.Matches("^1\njumpbag: small/ours/data/XX/PACK: cannot be written: [^\n]*(No space left|disk was full)[^\n]*\nsmall/ours/locks:\n\nsmall/ours/snapshots:\nchecked\n0\n0\nchecked\n$", result.Output + result.Errors);
    }

    [Fact]
    public void two_at_once_and_restic_beside_them_do_no_harm()
    {
        ShellResult result = Run("""
            mkdir src; head -c 40M /dev/urandom >src/a; for i in $(seq 200); do echo $i >src/$i; done
            jumpbag backup init -q --repo ours
            "$JUMPBAG" backup files -q --repo ours src & "$JUMPBAG" backup files -q --repo ours src & restic -q -r ours backup src & restic -q -r ours backup src & wait
            ls ours/snapshots | wc -l; ls ours/locks | wc -l
            restic -r ours snapshots --json | grep -o '"tree":"[0-9a-f]*"' | sort -u | wc -l
            check ours
            # An exclusive lock keeps us out, also restic's; a stale one does not.
            restic -q -r ours check --read-data >/dev/null & pid=$!
            for t in $(seq 2000); do [ -n "$(ls ours/locks)" ] && break; sleep 0.02; done; kill -STOP $pid
            jumpbag backup files -q --repo ours src 2>said; echo $?; grep -c 'ours: is locked exclusively by .* process' said; grep -c ^hint said
            kill -9 $pid; wait $pid 2>/dev/null; ls ours/locks | wc -l
            jumpbag backup files --repo ours src 2>said; echo $?; grep -c 'a lock that nobody holds any more is removed' said; ls ours/locks | wc -l
            # And ours keeps restic's prune out.
            mkfifo src/p; head -c 200M /dev/urandom >src/large
            "$JUMPBAG" backup files -q --repo ours src & pid=$!
            for t in $(seq 2000); do [ -n "$(ls ours/locks)" ] && break; sleep 0.02; done; kill -STOP $pid
            restic -r ours prune 2>&1 | grep -c 'unable to create lock\|already locked'; restic -r ours list locks -q --no-lock | wc -l
            kill -CONT $pid; wait $pid; echo $?; check ours
            """);
        Assert.Matches("^4\n0\n1\nchecked\n1\n1\n1\n1\n0\n1\n0\n[12]\n1\n0\nchecked\n$", result.Output + result.Errors);
    }

    private ShellResult Run(string script)
    {
        Require.Tool("restic");
        return JumpbagProgram.Bash(folder.Path, Script + "\n" + script.Replace("$JUMPBAG", JumpbagProgram.Path, StringComparison.Ordinal));
    }
}
