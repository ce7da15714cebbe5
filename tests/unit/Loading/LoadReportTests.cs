using System.Text;
using Jumpbag.Databases.Dumps;
using Jumpbag.Databases.Loading;

namespace Jumpbag.Tests.Unit.Loading;

public sealed class LoadReportTests
{
    [Theory]
    [InlineData("CREATE USER `a`@`%` IDENTIFIED BY 'secret'", "CREATE USER `a`@`%` IDENTIFIED…")]
    [InlineData("alter role a password 'secret'", "alter role a password…")]
    [InlineData("INSERT INTO password VALUES (1)", "INSERT INTO password VALUES (1)")]
    public void an_error_names_the_start_of_the_statement_but_no_password(string sql, string shown)
    {
        var statement = new DumpStatement { Kind = StatementKind.Other, Offset = 5, Length = sql.Length, Line = 2, Text = Encoding.UTF8.GetBytes(sql) };
        Assert.Equal($"line 2, byte 5: {shown}: why", LoadReport.Describe(statement, "why"));
    }
}
