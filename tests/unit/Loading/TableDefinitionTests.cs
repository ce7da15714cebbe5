using System.Text;
using Jumpbag.Databases.Dumps;
using Jumpbag.Databases.Loading;

namespace Jumpbag.Tests.Unit.Loading;

public sealed class TableDefinitionTests
{
    [Fact]
    public void secondary_indexes_and_foreign_keys_are_taken_out_and_the_rest_stays_as_it_was()
    {
        TableDefinition split = Split("""
            CREATE TABLE `t` (
              `id` int NOT NULL AUTO_INCREMENT COMMENT 'a, KEY `x` (`y`)',
              `a` varchar(20) DEFAULT 'KEY (',
              PRIMARY KEY (`id`),
              UNIQUE KEY `one` (`a`),
              KEY `two, three` (`a`(5),`id` DESC) COMMENT ')',
              CONSTRAINT `fk` FOREIGN KEY (`a`) REFERENCES `p` (`x`) ON DELETE CASCADE,
              CONSTRAINT `positive` CHECK (`id` > 0)
            ) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4
            """)!;
        Assert.Equal("""
            CREATE TABLE `t` (
              `id` int NOT NULL AUTO_INCREMENT COMMENT 'a, KEY `x` (`y`)',
              `a` varchar(20) DEFAULT 'KEY (',
              PRIMARY KEY (`id`),
              CONSTRAINT `positive` CHECK (`id` > 0)
            ) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4
            """, Text(split.Reduced));
        Assert.Equal(["UNIQUE KEY `one` (`a`)", "KEY `two, three` (`a`(5),`id` DESC) COMMENT ')'"], split.Keys.Select(key => Text(key.Text)));
        Assert.Equal(["one", "two, three"], split.Keys.Select(key => Text(key.Name!)));
        Assert.Equal(["CONSTRAINT `fk` FOREIGN KEY (`a`) REFERENCES `p` (`x`) ON DELETE CASCADE"], split.ForeignKeys.Select(key => Text(key.Text)));
    }

    [Theory]
    [InlineData("CREATE TABLE t (id INT PRIMARY KEY, a INT, KEY k (a)) ENGINE=MyISAM", "another engine")]
    [InlineData("CREATE TABLE t (id INT PRIMARY KEY, a INT, KEY k (a))", "an engine that is not named")]
    [InlineData("CREATE TABLE t (id INT, a INT, UNIQUE KEY k (a)) ENGINE=InnoDB", "no primary key: a unique one may be where the rows lie")]
    [InlineData("CREATE TABLE t (a INT PRIMARY KEY, n INT AUTO_INCREMENT, KEY k (n)) ENGINE=InnoDB", "a counter needs its index")]
    [InlineData("CREATE TABLE t (id INT PRIMARY KEY, a TEXT, KEY k (a(5)), FULLTEXT KEY f (a)) ENGINE=InnoDB", "full text")]
    [InlineData("CREATE TABLE t (id INT PRIMARY KEY, a INT, KEY k (a)) ENGINE=InnoDB WITH SYSTEM VERSIONING", "versions")]
    [InlineData("CREATE TABLE t (id INT PRIMARY KEY, a INT) ENGINE=InnoDB", "nothing to put off")]
    [InlineData("CREATE TABLE t (id INT PRIMARY KEY /*!80000 , KEY k (id) */, KEY j (id)) ENGINE=InnoDB", "a comment across parts")]
    [InlineData("CREATE TABLE t (id INT PRIMARY KEY, KEY k (id)) ENGINE=InnoDB SELECT 1 AS id", "rows of its own")]
    [InlineData("CREATE TABLE t (id INT PRIMARY KEY, KEY (id)) ENGINE=InnoDB", "an index without a name could not be looked for")]
    [InlineData("CREATE TABLE t LIKE u", "no body")]
    [InlineData("CREATE TABLE t (id INT PRIMARY KEY, KEY k (id", "cut")]
    public void a_table_that_needs_its_indexes_keeps_them(string sql, string why) => Assert.True(Split(sql) is null, why);

    private static TableDefinition? Split(string sql) => TableDefinition.Split(Encoding.UTF8.GetBytes(sql), SessionState.Empty.Lexer());

    private static string Text(byte[] bytes) => Encoding.UTF8.GetString(bytes);
}
